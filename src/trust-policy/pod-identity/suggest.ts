import { isRecord } from '../../text/record.js'
import { parsePolicyDocument } from '../document.js'
import { parseOperator } from '../operators.js'
import { parsePolicy, type Policy } from '../policy.js'
import { exceedsQuota } from '../suggest.js'
import { evaluateCaller } from './call.js'
import { type Caller, callerOf, type PodIdentityQuestion, podsService, requestTag } from './caller.js'
import { fixedStatement } from './fix-statement.js'
import { judgePodIdentityValue, type PodIdentityJudgement } from './judge.js'
import type { PodIdentityMiss } from './miss.js'
import { isWider } from './wider.js'

type Json = Readonly<Record<string, unknown>>

/**
 * Returns the smallest corrected policy document that admits this association, admits no other that was not
 * admitted before, and can be stored in IAM; undefined if no small edit achieves this. The function fixes the
 * closest statement, or adds one for this association alone. It removes no access.
 */
export function suggestPodIdentity(
  question: PodIdentityQuestion,
  { verdict, miss }: PodIdentityJudgement
): object | undefined {
  const caller = callerOf(question)
  if (verdict !== 'denied' || miss === undefined || caller === undefined) return undefined
  if (miss.kind === 'explicit-deny' || miss.kind === 'invalid') return undefined
  const read = parsePolicyDocument(question.document, question.encoding)
  if ('reason' in read || !isRecord(read.value)) return undefined
  const before = parsePolicy(read.value)
  if ('reason' in before) return undefined
  // A date in the past or an exclusion by name is intentional.
  if ('failed' in miss && miss.failed.some(({ operator, key }) => isMeant(operator, key))) return undefined
  if (/[*?$]/.test(JSON.stringify(caller))) return undefined // some operators would read these as wildcards or variables

  for (const edited of [fixed(read.value, miss, caller), extended(read.value, before, caller)]) {
    const stored = edited && parsePolicyDocument(edited)
    if (stored === undefined || 'reason' in stored || exceedsQuota(stored.size, read.size)) continue
    const after = judgePodIdentityValue(stored.value, stored.size, question)
    // A limit that depends on the request is intentional, too.
    if (after.verdict === 'depends' && after.dependsOn.some((key) => !/^sts:externalid$/i.test(key)))
      return undefined
    const policy = parsePolicy(stored.value)
    if (after.verdict === 'allowed' && !('reason' in policy) && !isWider(before, policy, caller))
      return edited
  }
  return undefined
}

const isMeant = (operator: string, key: string): boolean =>
  parseOperator(operator)?.negated === true || /^aws:(?:currenttime|epochtime)$/i.test(key)

function fixed(policy: Json, miss: PodIdentityMiss, caller: Caller): Json | undefined {
  const { statement: index } = miss
  const list = valuesOf(policy['Statement'])
  const statement = index === undefined ? undefined : list[index]
  const edited = isRecord(statement) ? fixedStatement(statement, miss, caller) : undefined
  if (edited === undefined) return undefined

  return { ...policy, Statement: Array.isArray(policy['Statement']) ? list.with(index ?? 0, edited) : edited }
}

/**
 * The policy with a statement for this association alone; undefined if no condition can tell this association
 * from others.
 */
function extended(policy: Json, parsed: Policy, caller: Caller): Json | undefined {
  const statements = statementsFor(caller, parsed)

  return statements && { ...policy, Statement: [...valuesOf(policy['Statement']), ...statements] }
}

/**
 * The statements that admit this association alone. Without session tags, EKS sends nothing that
 * distinguishes the associations of a cluster, except the external ID that it passes for a target role.
 */
function statementsFor(caller: Caller, policy: Policy): Json[] | undefined {
  const { cluster, namespace, serviceAccount, sessionTags, firstRole } = caller
  const both = ['sts:AssumeRole', 'sts:TagSession']
  const tags = {
    [`${requestTagWritten}kubernetes-namespace`]: namespace,
    [`${requestTagWritten}kubernetes-service-account`]: serviceAccount
  }
  const statement = (principal: Json, action: unknown, keys?: Json): Json => ({
    Effect: 'Allow',
    Principal: principal,
    Action: action,
    ...(keys && { Condition: { StringEquals: keys } })
  })
  if (firstRole === undefined) {
    if (!sessionTags) return undefined

    return [
      statement({ Service: podsService }, both, {
        'aws:SourceAccount': cluster.account,
        'aws:SourceArn': cluster.text,
        ...tags
      })
    ]
  }
  const principal = { AWS: firstRole.arn }
  if (sessionTags)
    return [statement(principal, both, { [`${requestTagWritten}eks-cluster-arn`]: cluster.text, ...tags })]

  // sts:ExternalId is a key of AssumeRole, but not of TagSession. If TagSession were allowed without a limit,
  // an AssumeRole call that another statement allows would succeed.
  if (policy.statements.some((one) => one.effect === 'Allow' && evaluateCaller(one, caller).truth !== false))
    return undefined

  return [
    statement(principal, 'sts:AssumeRole', { 'sts:ExternalId': firstRole.externalId }),
    statement(principal, 'sts:TagSession')
  ]
}

const requestTagWritten = requestTag.replace('requesttag', 'RequestTag')

const valuesOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : [value]
