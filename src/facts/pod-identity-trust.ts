import type { Association } from '../model/association.js'
import { contradictionWith } from '../model/association-cluster.js'
import type { AssociationField } from '../model/association-objects.js'
import type { ClusterArn } from '../model/cluster-arn.js'
import { type Fact, known, moot, unknown } from '../model/fact.js'
import { type MaybePromise, thenMaybe } from '../model/maybe-promise.js'
import { parseRoleArn } from '../model/role-arn.js'
import type { Subject } from '../model/subject.js'
import { quote } from '../text/escape.js'
import type { PodIdentityQuestion } from '../trust-policy/pod-identity/caller.js'
import { hideOtherNamespaces } from '../trust-policy/pod-identity/hide-others.js'
import { judgeParsedPodIdentity, type PodIdentityJudgement } from '../trust-policy/pod-identity/judge.js'
import type { Lookup, RoleLookup, Sources } from './facts.js'
import { rememberLast } from './remember-last.js'

interface Asked {
  readonly subject: Subject
  readonly sources: Sources
  readonly lookup: Lookup
  readonly at: Date | undefined
}

/** Whether EKS can give a service account's pods the association's role. Never throws. */
export const podIdentityTrustOf = (
  association: MaybePromise<Fact<Association>>,
  asked: Asked
): MaybePromise<Fact<PodIdentityJudgement>> =>
  thenMaybe(association, (found) =>
    found.state === 'known' ? judged(found.value, found.value.roleArn, asked) : found
  )

/** The same for the target role of the association; moot if it has none. */
export const targetTrustOf = (
  association: MaybePromise<Fact<Association>>,
  asked: Asked
): MaybePromise<Fact<PodIdentityJudgement>> =>
  thenMaybe(association, (found) => {
    if (found.state !== 'known') return found
    const { roleArn, targetRoleArn, externalId } = found.value
    if (targetRoleArn === undefined) return noTargetRole
    if (roleArn === undefined) return notLiteral(asked.subject)

    return judged(found.value, targetRoleArn, asked, { arn: roleArn, externalId })
  })

function judged(
  association: Association,
  roleArn: string | undefined,
  asked: Asked,
  firstRole?: PodIdentityQuestion['firstRole']
): MaybePromise<Fact<PodIdentityJudgement>> {
  const { subject, at } = asked
  const { clusterArn } = asked.sources
  const { namespace, serviceAccount, disableSessionTags } = association
  if (namespace === '') return unknown('the association does not name its namespace')
  if (serviceAccount === '')
    return unknown(
      `the association does not name its service account${fieldShown(subject, 'serviceAccount')}`
    )
  if (clusterArn === undefined) return unknown('the ARN of the cluster is not known (pass --cluster-arn ARN)')
  if (association.clusterName === '')
    return unknown(`the association does not name its cluster${fieldShown(subject, 'clusterName')}`)
  const place = subject.kind === 'PodIdentityAssociation' ? subject.place : {}
  const contradiction = contradictionWith({ association, place }, clusterArn)
  if (contradiction !== undefined) return unknown(contradiction)

  const sessionTags = !disableSessionTags
  const question = { clusterArn, roleArn, namespace, serviceAccount, sessionTags, firstRole, at }
  return thenMaybe(associatedRoleOf(roleArn, asked), (role): Fact<PodIdentityJudgement> => {
    const judgement = judgementOf(role, question)
    // At admission, the user might have access to only one namespace. Users who run a command can already
    // read the policies.
    return judgement.state === 'known' && subject.stage === 'admitted'
      ? known(hideOtherNamespaces(judgement.value), judgement.readAt)
      : judgement
  })
}

/** The role of an association, or its target role. Never throws. */
export function associatedRoleOf(
  roleArn: string | undefined,
  { subject, sources: { iam }, lookup }: Omit<Asked, 'at'>
): MaybePromise<Fact<RoleLookup>> {
  if (roleArn === undefined) return notLiteral(subject)
  const arn = parseRoleArn(roleArn)
  if (arn === undefined) return isPlaceholder(roleArn) ? unknownRole(roleArn) : noSuchRole
  if (iam === undefined) return unknown('no facts about IAM were given (pass --iam FILE or --aws)')

  return iam.readRole(arn, lookup)
}

// EKS accepts only the ARN of a role: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html
const noSuchRole = known({ exists: false } as const)

/** Whether a string looks like a template's placeholder, which becomes an ARN before it reaches EKS. */
const isPlaceholder = (roleArn: string): boolean => /[${}<>%]/.test(roleArn)

const unknownRole = (roleArn: string): Fact<never> =>
  unknown(
    `the association's role is ${quote(roleArn)}; expected arn:aws:iam::<12-digit-account>:role/<path/><name>`
  )

export const noTargetRole = moot('the association has no target role')
const notLiteral = (subject: Subject): Fact<never> =>
  unknown(
    `the association does not contain its role's ARN literally${fieldShown(subject, 'roleArn')}, so the ARN is unknown`
  )

/**
 * The name of a field as the tool that creates the association spells it, because a misspelled field looks
 * like a missing one.
 */
const fieldShown = (subject: Subject, field: AssociationField): string =>
  subject.kind === 'PodIdentityAssociation' ? ` (field ${subject.fieldOf(field).replace(/^.*\./s, '')})` : ''

type Question = Omit<PodIdentityQuestion, 'document'> & { readonly clusterArn: ClusterArn }

function judgementOf(role: Fact<RoleLookup>, question: Question): Fact<PodIdentityJudgement> {
  if (role.state !== 'known') return role
  // A role with the same name but a different path is a different role.
  if (!role.value.exists || role.value.arn !== question.roleArn) return moot('the role does not exist')
  if (role.value.trustPolicy === undefined) return unknown("the role's trust policy is unknown")

  return known(judgeOnce(role.value.trustPolicy, question), role.readAt)
}

const judgeOnce = rememberLast(
  judgeParsedPodIdentity,
  (one: Question, other: Question) =>
    one.roleArn === other.roleArn &&
    one.serviceAccount === other.serviceAccount &&
    one.namespace === other.namespace &&
    one.sessionTags === other.sessionTags &&
    one.clusterArn.text === other.clusterArn.text &&
    one.firstRole?.arn === other.firstRole?.arn &&
    one.firstRole?.externalId === other.firstRole?.externalId
)
