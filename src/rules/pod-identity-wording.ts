import type { AssociationField } from '../model/association-objects.js'
import type { Problem } from '../model/finding.js'
import { parseRoleArn } from '../model/role-arn.js'
import { statementNamed } from '../model/statement-named.js'
import type { AssociationSubject, ServiceAccountSubject } from '../model/subject.js'
import { quote } from '../text/escape.js'
import type { FailedCondition } from '../trust-policy/miss.js'
import type { Caller } from '../trust-policy/pod-identity/caller.js'
import { otherValue } from '../trust-policy/pod-identity/hide-others.js'
import type { PodIdentityJudgement } from '../trust-policy/pod-identity/judge.js'
import type { Pinned } from '../trust-policy/pod-identity/limits.js'
import type { PodIdentityMiss } from '../trust-policy/pod-identity/miss.js'
import { valuesShown } from './trust-wording.js'

/** The kinds of objects to which the rules about EKS Pod Identity associations apply. */
export const associationKinds = ['ServiceAccount', 'PodIdentityAssociation'] as const

/**
 * The nearest miss of a judgement, and the caller for which the policy was judged. Only the judgement of an
 * invalid policy can have a miss but no caller.
 */
export interface Denied<K extends PodIdentityMiss['kind']> {
  readonly miss: PodIdentityMiss & { readonly kind: K }
  readonly caller: Caller
}

/** The judgement, if its nearest miss is of the given kind; otherwise undefined. */
export function missOf<K extends PodIdentityMiss['kind']>(
  judgement: PodIdentityJudgement | undefined,
  kind: K
): Denied<K> | undefined {
  const { miss, caller } = judgement ?? {}
  if (miss === undefined || caller === undefined || !isOfKind(miss, kind)) return undefined

  return { miss, caller }
}

const isOfKind = <K extends PodIdentityMiss['kind']>(
  miss: PodIdentityMiss,
  kind: K
): miss is PodIdentityMiss & { readonly kind: K } => miss.kind === kind

/** An object for which an association is judged. */
export type AssociationOwner = ServiceAccountSubject | AssociationSubject

/**
 * Where the object holds a field of its association. A service account has no such field, because the
 * association is created outside the cluster and refers to the service account by name.
 */
export const associationFieldOf = (owner: AssociationOwner, field: AssociationField): string =>
  owner.kind === 'PodIdentityAssociation' ? owner.fieldOf(field) : 'metadata.name'

/**
 * A problem with one of an association's roles. It is at most a warning at admission, because the association
 * and its role may be corrected shortly afterwards, outside the cluster.
 */
export const associationProblem = (
  owner: AssociationOwner,
  message: string,
  fix: string,
  field: AssociationField = 'roleArn'
): Problem => ({ field: associationFieldOf(owner, field), message, fix, atAdmission: 'warning' })

/** The role by name, worded for the start of a message. */
export function roleOf({ roleArn, firstRole }: Caller): string {
  const kind = firstRole === undefined ? 'role' : 'target role'
  const name = parseRoleArn(roleArn ?? '')?.name

  return name === undefined ? `the ${kind}` : `${kind} ${name}`
}

/** The association, worded for use in a sentence. */
export const associationShown = ({ cluster, namespace, serviceAccount }: Caller): string =>
  `EKS Pod Identity for service account ${namespace}/${serviceAccount} in cluster ${cluster.name}`

/** Describes what one condition requires, what EKS sends, and which part differs. */
function conditionShown({ operator, key, wanted, actual, isAbsent, difference }: FailedCondition): string {
  const open = isAbsent ? ', but EKS sends no such key' : ', which EKS cannot meet'
  const has = actual === undefined ? open : `, but EKS sends ${quote(actual)}`
  const values = valuesShown(wanted).replaceAll(
    quote(otherValue),
    'a value that belongs to another namespace'
  )

  return `${operator} ${quote(key)} requires ${values}${has}${difference === undefined ? '' : `: ${difference}`}`
}

/** Describes the deciding condition and the others that fail. */
export const failedShown = (failed: readonly FailedCondition[]): string =>
  [
    ...failed.slice(0, 4).map(conditionShown),
    ...(failed.length > 4 ? [`${failed.length - 4} more conditions fail`] : [])
  ].join('; also ')

/** The conditions that limit a statement to this association, as an instruction. */
function limitsShown({ cluster, namespace, serviceAccount, sessionTags, firstRole }: Caller): string {
  const tags = `"aws:RequestTag/kubernetes-namespace" ${quote(namespace)} and "aws:RequestTag/kubernetes-service-account" ${quote(serviceAccount)}`
  if (firstRole !== undefined)
    return sessionTags
      ? `"aws:RequestTag/eks-cluster-arn" ${quote(cluster.text)}, ${tags}`
      : `"sts:ExternalId" ${quote(firstRole.externalId)} for sts:AssumeRole`

  return `"aws:SourceArn" ${quote(cluster.text)}${sessionTags ? `, ${tags}` : ''}`
}

/** The fix if no statement of the policy is for this association. */
export function addStatement(caller: Caller): string {
  const whom = caller.firstRole === undefined ? 'pods.eks.amazonaws.com' : caller.firstRole.arn

  const others =
    caller.firstRole === undefined && !caller.sessionTags
      ? ', which admits every association of that cluster, because only session tags tell them apart'
      : ''

  return `add a statement that allows sts:AssumeRole and sts:TagSession for ${whom}, limited by StringEquals to ${limitsShown(caller)}${others}`
}

/** The fix for the failed conditions of a statement, the deciding one first. */
export function fixOf({ miss, caller }: Denied<'tag' | 'source' | 'unmeetable'>): string {
  const [first] = miss.failed
  const another = 'give the association a different role'
  if (first === undefined) return another
  if (first.isNegated) return `${another}, because that condition excludes this association`
  if (first.expected !== undefined)
    return `write the key ${quote(first.expected)} instead of ${quote(first.key)}, and require the value that EKS sends`
  if (!caller.sessionTags && /^aws:(?:requesttag\/|tagkeys$)/i.test(first.key))
    return `enable session tags for the association (aws eks update-pod-identity-association --no-disable-session-tags), or ${another}`
  const { namespace, serviceAccount } = miss.pinned
  const isAssociation = first.wanted.some((value) => value.includes(':podidentityassociation/'))
  if (isAssociation)
    return `write ${quote(caller.cluster.text)} in that condition${(namespace && serviceAccount) || !caller.sessionTags ? '' : `; to limit the statement to this association, require ${limitsShown(caller)}`}`
  const spelled = first.difference !== undefined && /capitalization|spaces/.test(first.difference)
  if (spelled && first.wanted.length === 1)
    return `replace ${valuesShown(first.wanted)} with ${quote(first.actual ?? '')} in that condition`

  return miss.kind === 'unmeetable' && isPinned(miss.pinned)
    ? `remove that condition from ${statementNamed(miss.statement)}, whose other conditions admit only this association`
    : `${another}, or ${addStatement(caller)}`
}

/** Whether a statement is limited to this association. */
export const isPinned = ({ cluster, namespace, serviceAccount }: Pinned): boolean =>
  cluster && namespace && serviceAccount
