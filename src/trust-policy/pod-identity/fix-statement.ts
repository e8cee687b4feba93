import { parseClusterArn } from '../../model/cluster-arn.js'
import { hasWildcard, matchesPattern, parsePattern } from '../../text/glob.js'
import { isRecord } from '../../text/record.js'
import { type Operator, parseOperator } from '../operators.js'
import { type Condition, type Principal, principalTypes } from '../policy.js'
import { hasVariable } from '../variables.js'
import { type Caller, podsService, principalTag, requestTag, tagOf } from './caller.js'
import { tagMeant } from './difference.js'
import { type Pinned, pinnedBy } from './limits.js'
import type { PodIdentityMiss } from './miss.js'
import { isServiceMeant } from './principal.js'

type Json = Readonly<Record<string, unknown>>

/**
 * Fixes the principal, the actions, the keys and the values of a statement for an association; undefined if
 * the statement would then admit others. If the statement could never match, the missing limits are added. If it
 * already matches others, the missing action or value is added only if everything else is limited to this
 * association.
 */
export function fixedStatement(statement: Json, miss: PodIdentityMiss, caller: Caller): Json | undefined {
  const principal = fixedPrincipal(statement['Principal'], caller)
  const condition = fixedCondition(statement['Condition'] ?? {}, caller)
  if (principal === undefined || condition === undefined || statement['Action'] === undefined)
    return undefined
  const missing = miss.kind === 'action' ? miss.missing : []
  const isDead = principal !== statement['Principal'] || condition.wasDead
  const edited = isDead
    ? withPins(condition.edited, caller)
    : isPinned(pinnedBy(condition.others, caller), missing.length > 0 ? [] : condition.extended)
      ? condition.edited
      : undefined
  if (edited === undefined) return undefined

  return {
    ...statement,
    Principal: principal,
    ...(missing.length > 0 && { Action: [...valuesOf(statement['Action']), ...missing] }),
    ...(Object.keys(edited).length > 0 && { Condition: edited })
  }
}

/** The principal, if it names only the caller; a misspelling of the service is corrected. */
function fixedPrincipal(principal: unknown, { firstRole }: Caller): Json | undefined {
  if (!isRecord(principal)) return undefined
  const all = principalTypes.flatMap((type) =>
    texts(principal[type]).map((value): Principal => ({ type, value }))
  )
  const isOurs = ({ type, value }: Principal): boolean =>
    firstRole === undefined
      ? type === 'Service' && value === podsService
      : type === 'AWS' && value === firstRole.arn
  if (all.length > 0 && all.every(isOurs)) return principal

  return firstRole === undefined && all.length > 0 && all.every((one) => isOurs(one) || isServiceMeant(one))
    ? { Service: podsService }
    : undefined
}

interface FixedCondition {
  readonly edited: Json
  /** Whether a part was fixed that kept the statement from ever matching. */
  readonly wasDead: boolean
  /** The keys, in lower case, to whose values another value was added. */
  readonly extended: readonly string[]
  /** The conditions on all other keys. */
  readonly others: readonly Condition[]
}

function fixedCondition(condition: unknown, caller: Caller): FixedCondition | undefined {
  if (!isRecord(condition)) return undefined
  let wasDead = false
  const extended: string[] = []
  const others: Condition[] = []
  const edited: [string, unknown][] = []
  for (const [name, keys] of Object.entries(condition)) {
    const operator = parseOperator(name)
    if (operator === undefined || !isRecord(keys)) return undefined
    const written: [string, unknown][] = []
    const taken = new Set<string>()
    for (const [key, wanted] of Object.entries(keys)) {
      const newKey = isStrict(operator) ? keyMeant(key, caller) : key
      const lowerKey = newKey.toLowerCase()
      if (taken.has(lowerKey)) return undefined // the new key would be a duplicate
      taken.add(lowerKey)
      const before = texts(wanted)
      const { values, ...value } = fixedValue(operator, newKey, before, caller)
      if (newKey !== key || value.wasDead) wasDead = true
      written.push([newKey, values === before ? wanted : values.length === 1 ? values[0] : values])
      if (value.isExtended) extended.push(lowerKey)
      else others.push({ name, operator, key: newKey, lowerKey, values })
    }
    edited.push([name, Object.fromEntries(written)])
  }

  return { edited: Object.fromEntries(edited), wasDead, extended, others }
}

/** Whether a condition with this operator is met only if the request has the key, with one of the values. */
const isStrict = ({ family, negated, ifExists, quantifier }: Operator): boolean =>
  (family === 'string' || family === 'arn') && !negated && !ifExists && quantifier === undefined

/** The tag key that was meant; any other key is returned unchanged. */
function keyMeant(key: string, { firstRole }: Caller): string {
  const lower = key.toLowerCase()
  const prefix = [requestTag, principalTag].find((one) => lower.startsWith(one))
  const meant = prefix && tagMeant(lower.slice(prefix.length))
  if (prefix === undefined || meant === undefined) return key
  if (prefix === principalTag && firstRole === undefined) return `aws:RequestTag/${meant}`

  return lower === prefix + meant ? key : `${key.slice(0, prefix.length)}${meant}`
}

interface FixedValue {
  readonly values: readonly string[]
  readonly wasDead: boolean
  readonly isExtended: boolean
}

/** The values with the caller's own value added. Values that no association can have are removed. */
function fixedValue(operator: Operator, key: string, values: readonly string[], caller: Caller): FixedValue {
  const same = { values, wasDead: false, isExtended: false }
  const own = ownValueOf(key.toLowerCase(), caller)
  if (own === undefined || !isStrict(operator)) return same
  const isLike = operator.relation === 'like'
  if (values.some((value) => value === own || (isLike && matchesPattern(parsePattern(value), own))))
    return same
  const possible = values.filter(
    (value) => hasVariable(value) || (isLike && hasWildcard(value)) || isPossible(key.toLowerCase(), value)
  )

  return { values: [...possible, own], wasDead: possible.length === 0, isExtended: possible.length > 0 }
}

/** The value that the caller sends for a key that can limit a statement; undefined for other keys. */
function ownValueOf(lowerKey: string, caller: Caller): string | undefined {
  const { cluster, firstRole } = caller
  if (firstRole === undefined && lowerKey === 'aws:sourcearn') return cluster.text
  if (firstRole === undefined && lowerKey === 'aws:sourceaccount') return cluster.account
  if (firstRole !== undefined && lowerKey === 'sts:externalid') return firstRole.externalId
  const prefix = [requestTag, ...(firstRole === undefined ? [] : [principalTag])].find((one) =>
    lowerKey.startsWith(one)
  )

  return prefix === undefined || !caller.sessionTags
    ? undefined
    : tagOf(caller, lowerKey.slice(prefix.length))
}

/** Whether some association can have this value. */
function isPossible(lowerKey: string, value: string): boolean {
  if (lowerKey === 'aws:sourcearn' || lowerKey.endsWith('/eks-cluster-arn'))
    return parseClusterArn(value) !== undefined
  if (lowerKey === 'aws:sourceaccount') return /^\d{12}$/.test(value)
  if (lowerKey.endsWith('/kubernetes-namespace')) return /^[a-z0-9-]{1,63}$/.test(value)
  if (lowerKey.endsWith('/kubernetes-service-account')) return /^[a-z0-9.-]{1,253}$/.test(value)
  if (lowerKey.endsWith('/eks-cluster-name')) return /^[0-9A-Za-z_-]{1,100}$/.test(value)

  return true
}

/** Whether everything is limited to this association, apart from at most one extended key. */
function isPinned(pinned: Pinned, extended: readonly string[]): boolean {
  if (extended.length > 1) return false
  const [key = ''] = extended
  if (key === 'sts:externalid') return true // it contains the cluster, the namespace and the service account
  const isCluster = key === 'aws:sourcearn' || key.endsWith('/eks-cluster-arn')

  return (
    (pinned.cluster || isCluster) &&
    (pinned.namespace || key.endsWith('/kubernetes-namespace')) &&
    (pinned.serviceAccount || key.endsWith('/kubernetes-service-account'))
  )
}

/**
 * Adds the limits that a condition lacks, so that it admits only this association. Undefined if they cannot
 * be added.
 */
function withPins(condition: Json, caller: Caller): Json | undefined {
  const { cluster, namespace, serviceAccount, sessionTags, firstRole } = caller
  const pinned = pinnedBy(conditionsOf(condition), caller)
  const lacking = [
    ...(pinned.cluster
      ? []
      : [
          [
            firstRole === undefined ? 'aws:SourceArn' : 'aws:RequestTag/eks-cluster-arn',
            cluster.text
          ] as const
        ]),
    ...(pinned.namespace ? [] : [['aws:RequestTag/kubernetes-namespace', namespace] as const]),
    ...(pinned.serviceAccount ? [] : [['aws:RequestTag/kubernetes-service-account', serviceAccount] as const])
  ]
  if (lacking.length === 0) return condition
  const equals = condition['StringEquals'] ?? {}
  if (!sessionTags || !isRecord(equals)) return undefined
  const taken = new Set(Object.keys(equals).map((key) => key.toLowerCase()))
  if (lacking.some(([key]) => taken.has(key.toLowerCase()))) return undefined

  return { ...condition, StringEquals: { ...equals, ...Object.fromEntries(lacking) } }
}

const conditionsOf = (condition: Json): Condition[] =>
  Object.entries(condition).flatMap(([name, keys]) => {
    const operator = parseOperator(name)

    return operator === undefined || !isRecord(keys)
      ? []
      : Object.entries(keys).map(([key, wanted]) => ({
          name,
          operator,
          key,
          lowerKey: key.toLowerCase(),
          values: texts(wanted)
        }))
  })

const valuesOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : [value]

/** Numbers and Booleans may be unquoted; they are compared as strings. */
const texts = (value: unknown): string[] =>
  valuesOf(value).flatMap((one) =>
    typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean' ? String(one) : []
  )
