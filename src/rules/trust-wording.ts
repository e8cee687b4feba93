import { roleRequestOf } from '../identity-webhook/role-request.js'
import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { Problem } from '../model/finding.js'
import { parseRoleArn } from '../model/role-arn.js'
import { quote } from '../text/escape.js'
import { differenceIn, type Excerpt } from '../text/excerpt.js'
import { annotationField } from '../text/record.js'
import { otherSubject } from '../trust-policy/hide-others.js'
import type { TrustJudgement } from '../trust-policy/judge.js'
import type { FailedCondition } from '../trust-policy/miss.js'
import type { Principal } from '../trust-policy/policy.js'

/**
 * A problem with the trust policy of the requested role. Its field is the role annotation. If the role also
 * trusts EKS Pod Identity, pods can get it through a pod identity association, which the identity webhook
 * prefers to the annotation. In that case, the problem is at most a warning, unless the service account is
 * known to have no association: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
 */
export function trustProblem(
  account: Parameters<typeof roleRequestOf>[0],
  trust: TrustJudgement,
  settings: IdentityWebhookSettings,
  message: string,
  fix: string
): Problem {
  if (trust.isReasonHidden === true) {
    const named = roleNamed(account, settings)
    return trustProblem(
      account,
      { ...trust, isReasonHidden: false },
      settings,
      `${named} does not admit ${trust.subject}; its trust policy names no service account of the namespace, so the reason is not shown here`,
      `point the annotation at a role for this service account, or have the owner of ${named} admit it; users who can read the role see the reason with irsa-guard trust`
    )
  }
  const { annotationNames } = settings
  const role = roleRequestOf(account, settings)?.role
  const problem: Problem = {
    field: annotationField(annotationNames['role-arn']),
    message,
    fix,
    ...(role !== undefined && { cause: role }),
    ...(restsOnAudience(trust) && { restsOn: [annotationField(annotationNames.audience)] })
  }
  if (trust.podIdentity === 'none' || trust.verdict !== 'denied') return problem
  if (trust.hasAssociation === false)
    return {
      ...problem,
      message: `${message}; the role trusts EKS Pod Identity, but the service account has no association`,
      fix: `create an EKS Pod Identity association, or, for IRSA, ${fix}`
    }

  return {
    ...problem,
    message: `${message}; but the role trusts EKS Pod Identity, so pods still get the role if their service account has an EKS Pod Identity association`,
    fix: `if the service account has an association, do nothing; otherwise, create one or, for IRSA, ${fix}`,
    atMost: 'warning'
  }
}

/** Whether the deciding condition is about the audience, which an annotation can change. */
function restsOnAudience({ miss }: TrustJudgement): boolean {
  if (miss === undefined) return false
  const deciding = 'failed' in miss ? miss.failed.slice(0, 1) : 'conditions' in miss ? miss.conditions : []

  return deciding.some(({ key }) => /:aud$/i.test(key))
}

/**
 * The role as the subject of a message. Its name is unknown if a policy is judged without a service account
 * that requests a role.
 */
export function roleNamed(
  account: Parameters<typeof roleRequestOf>[0],
  settings: IdentityWebhookSettings
): string {
  const arn = parseRoleArn(roleRequestOf(account, settings)?.role ?? '')

  return arn === undefined ? 'the role' : `role ${arn.name}`
}

/** The first few values, quoted, and how many more there are. */
export function valuesShown(values: readonly string[], limit = 3): string {
  const shown = values
    .slice(0, limit)
    .map((value) => (value === otherSubject ? 'a service account in another namespace' : quote(value)))
  if (values.length > limit) shown.push(`${values.length - limit} more`)

  return shown.length === 0 ? 'nothing' : shown.join(' or ')
}

/** Describes what one condition requires, what the request has, and which part differs. */
function conditionShown({ operator, key, wanted, actual, isAbsent, difference }: FailedCondition): string {
  const holder = /:(?:sub|aud)$/i.test(key) ? 'the token' : 'the request'
  const open = isAbsent ? ', but the request has no such key' : ', which no request satisfies'
  const has = actual === undefined ? open : `, but ${holder} has ${quote(actual)}`

  return `${operator} ${quote(key)} requires ${valuesShown(wanted)}${has}${difference === undefined ? '' : `: ${difference}`}`
}

/** Describes the deciding condition and any other conditions that fail. */
export const conditionsShown = (failed: readonly FailedCondition[]): string =>
  [
    ...failed.slice(0, 4).map(conditionShown),
    ...(failed.length > 4 ? [`${failed.length - 4} more conditions fail`] : [])
  ].join('; also ')

/**
 * The part of the token's claim that differs from the nearest value that a condition requires. Only exact
 * values are compared. If the value is a pattern or hidden, an excerpt would say less than the message
 * already does.
 */
export function tokenExcerpt([deciding]: readonly FailedCondition[]): { excerpt?: Excerpt } {
  if (deciding === undefined || deciding.isNegated || deciding.actual === undefined) return {}
  const [nearest = otherSubject] = deciding.wanted
  if (nearest === otherSubject || /[*?]|ignorecase/i.test(nearest + deciding.operator)) return {}
  const excerpt = differenceIn(deciding.actual, nearest)

  return excerpt === undefined ? {} : { excerpt }
}

/** The fix if no statement in the policy trusts the cluster's provider. */
export const addStatement = ({ provider, subject }: TrustJudgement): string =>
  `add a statement that allows sts:AssumeRoleWithWebIdentity for ${provider}, limited to ${subject} (irsa-guard trust --fix prints it)`

/** Whom a statement trusts, in words. */
export function principalsShown(principals: readonly Principal[]): string {
  const shown = principals.slice(0, 3).map(({ type, value }) => {
    if (type !== 'Service')
      return `${type === 'Federated' ? 'identity provider' : `${type} principal`} ${quote(value)}`
    const name = services[value]

    return name === undefined ? `AWS service ${quote(value)}` : `${name} (${value})`
  })

  return shown.length === 0 ? 'no principal' : shown.join(' or ')
}

const services: Readonly<Record<string, string | undefined>> = {
  'ec2.amazonaws.com': 'EC2 instances',
  'pods.eks.amazonaws.com': 'EKS Pod Identity',
  'eks.amazonaws.com': 'the EKS control plane',
  'lambda.amazonaws.com': 'Lambda functions'
}

/** The condition key for the subject of the cluster's tokens. */
export const subjectKeyOf = ({ provider }: TrustJudgement): string => `${issuerIn(provider)}:sub`

/** The condition key for the audience of the cluster's tokens. */
export const audienceKeyOf = ({ provider }: TrustJudgement): string => `${issuerIn(provider)}:aud`

const issuerIn = (provider: string): string => provider.slice(provider.indexOf('/') + 1)
