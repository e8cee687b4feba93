import type { AssociationSource, TrustPolicyDocument } from '../../facts/facts.js'
import type { IdentityWebhookSettings } from '../../identity-webhook/settings.js'
import { evaluatePodIdentityTrust } from '../../library/evaluate-pod-identity-trust.js'
import { judgeTrustFor } from '../../library/evaluate-trust.js'
import type { TrustVerdict } from '../../library/trust-verdict.js'
import type { Association } from '../../model/association.js'
import type { ClusterArn } from '../../model/cluster-arn.js'
import { type Fact, moot } from '../../model/fact.js'
import { GuardError } from '../../model/guard-error.js'
import { parseRoleArn, type RoleArn } from '../../model/role-arn.js'
import type { TrustQuestionText, TrustReport } from '../../output/trust-text.js'
import { contextOf } from '../../trust-policy/context.js'
import { parsePolicyDocument } from '../../trust-policy/document.js'
import { type Call, webIdentityCall } from '../../trust-policy/evaluate.js'
import { askedOf, parseTrustPolicy, type TrustQuestion } from '../../trust-policy/judge.js'
import { partsOf } from '../../trust-policy/parts.js'
import { callOf } from '../../trust-policy/pod-identity/call.js'
import { actions, callerOf } from '../../trust-policy/pod-identity/caller.js'

/** One of the two ways in which pods get a role, and how a trust policy is judged for it. */
export interface TrustChain {
  readonly chain: 'irsa' | 'pod-identity'
  /** What the policy is judged for, in human-readable form. */
  readonly about: TrustQuestionText
  readonly judge: (policy: TrustPolicyDocument) => TrustVerdict
  /** The calls through which pods get the role, keyed by action. */
  readonly calls: Readonly<Record<string, Call>>
}

/** The verdict on a policy for one chain, as it is printed. */
export type ChainReport = TrustReport & Pick<TrustChain, 'chain'>

/** Judges a policy for one chain. */
export function reportOfChain(
  { chain, about, judge, calls }: TrustChain,
  given: TrustPolicyDocument
): ChainReport {
  const verdict = judge(given)
  const { policy } = parseTrustPolicy(given.document, given.encoding)
  const isParsed = verdict.verdict !== 'invalid' && !('reason' in policy)
  const suggested = verdict.suggested === undefined ? undefined : parsePolicyDocument(verdict.suggested)

  return {
    chain,
    about,
    ...verdict,
    parts: isParsed && verdict.statement !== undefined ? partsOf(policy, verdict.statement, calls) : [],
    ...(suggested !== undefined && 'size' in suggested && { suggestedSize: suggested.size })
  }
}

/** The IRSA chain. */
export function irsaChain(
  question: Omit<TrustQuestion, 'document' | 'encoding' | 'at'>,
  role: RoleArn | undefined,
  identityWebhook: IdentityWebhookSettings
): TrustChain {
  const at = new Date()
  const { provider, token } = askedOf({ ...question, at })

  return {
    chain: 'irsa',
    about: {
      chain: `IRSA, issuer ${question.issuer}`,
      subject: token.subject,
      role: roleTextOf(role),
      effect:
        'pods start, but every AWS call fails: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity',
      issuer: token.issuer
    },
    judge: (policy) => judgeTrustFor({ ...question, ...policy, at }, identityWebhook),
    calls: { 'sts:AssumeRoleWithWebIdentity': webIdentityCall(provider, contextOf(token)) }
  }
}

/** The path and name of a role. */
const roleTextOf = (role: RoleArn | undefined): string | undefined =>
  role && `${role.path.slice(1)}${role.name}`

/** The options of `trust` for EKS Pod Identity. */
export interface PodIdentityOptions {
  readonly clusterArn?: string
  /** False with `--no-session-tags`. */
  readonly sessionTags?: boolean
  readonly firstRole?: string
  readonly externalId?: string
}

/** The role, service account and cluster that `trust` is about. */
export interface TrustSubject {
  readonly namespace: string
  readonly serviceAccount: string
  /** The role that has the policy, if its ARN is known. */
  readonly role: RoleArn | undefined
  readonly cluster: ClusterArn | undefined
  /** The association of the service account. */
  readonly association: Fact<Association>
}

/** The association of a service account in the IAM files or, with `--aws`, in EKS. */
export async function readAssociationOf(
  { namespace, serviceAccount }: { readonly namespace: string; readonly serviceAccount: string },
  associations: AssociationSource | undefined
): Promise<Fact<Association>> {
  return (
    (await associations?.readAssociation(
      { namespace, name: serviceAccount },
      { namespace: '', deadline: new AbortController() }
    )) ?? moot('associations were not given')
  )
}

/**
 * Which chains to judge. `--issuer` selects IRSA, and `--cluster-arn` selects EKS Pod Identity. Without
 * either option, only the chain through which the service account uses this role is judged, because the
 * role's trust policy does not have to allow the other chain.
 */
export function chainsAsked(
  options: PodIdentityOptions & { readonly issuer?: string },
  issuer: string | undefined,
  subject: TrustSubject
): { readonly irsa: boolean; readonly podIdentity: boolean } {
  const option = podIdentityOptionIn(options)
  if (option !== undefined && subject.cluster === undefined)
    throw new GuardError(
      'ERR_USAGE',
      `${option} is about EKS Pod Identity, but the cluster is not known; pass --cluster-arn, or name the cluster in the IAM file`
    )
  const isAssociated = subject.cluster !== undefined && isAssociatedWith(subject)
  const irsa = options.issuer !== undefined || (issuer !== undefined && option === undefined && !isAssociated)

  return {
    irsa,
    podIdentity: option !== undefined || isAssociated || (!irsa && subject.cluster !== undefined)
  }
}

/** The first given option that applies only to EKS Pod Identity. */
function podIdentityOptionIn(options: PodIdentityOptions): string | undefined {
  if (options.clusterArn !== undefined) return '--cluster-arn'
  if (options.firstRole !== undefined) return '--first-role'
  if (options.externalId !== undefined) return '--external-id'

  return options.sessionTags === false ? '--no-session-tags' : undefined
}

/**
 * Whether the association of the service account names the role, as its own or its target role. Any
 * association counts if the role's ARN is unknown.
 */
const isAssociatedWith = ({ role, association }: TrustSubject): boolean =>
  association.state === 'known' &&
  (role === undefined ||
    association.value.roleArn === role.text ||
    association.value.targetRoleArn === role.text)

/**
 * The EKS Pod Identity chain. What the options do not specify is taken from the association of the service
 * account. Throws ERR_USAGE.
 */
export function podIdentityChain(
  options: PodIdentityOptions,
  cluster: ClusterArn,
  { namespace, serviceAccount, role, association }: TrustSubject
): TrustChain {
  const known = association.state === 'known' ? association.value : undefined
  const sessionTags = options.sessionTags !== false && known?.disableSessionTags !== true
  const firstRole = firstRoleOf(options, role, known)
  assertInAccount(
    firstRole === undefined ? role : parseRoleArn(firstRole.arn),
    cluster,
    firstRole !== undefined
  )
  const details = [
    ...(firstRole === undefined ? [] : [`target role of ${firstRole.arn}`]),
    ...(sessionTags ? [] : ['without session tags'])
  ]

  const question = {
    clusterArn: cluster.text,
    namespace,
    serviceAccount,
    sessionTags,
    roleArn: role?.text,
    firstRole,
    at: new Date()
  }
  const caller = callerOf(question)

  return {
    chain: 'pod-identity',
    about: {
      chain: ['EKS Pod Identity', `cluster ${cluster.text}`, ...details].join(', '),
      subject: `service account ${namespace}/${serviceAccount}`,
      role: roleTextOf(role),
      effect:
        'pods start, but their SDKs get no credentials: Unauthorized Exception! EKS does not have permissions to assume the associated role.',
      issuer: undefined
    },
    judge: (policy) => evaluatePodIdentityTrust({ ...question, ...policy }),
    calls:
      caller === undefined
        ? {}
        : Object.fromEntries(actions.map((action) => [action, callOf(caller, action)]))
  }
}

/** EKS rejects an association whose role is not in the cluster's account. */
function assertInAccount(role: RoleArn | undefined, cluster: ClusterArn, isFirst: boolean): void {
  if (role === undefined || (role.account === cluster.account && role.partition === cluster.partition)) return
  const fix = isFirst
    ? "use --first-role to pass the association's own role"
    : 'if it is the target role of an association, use --first-role to pass the role that assumes it'
  throw new GuardError(
    'ERR_USAGE',
    `role ${role.text} is in AWS account ${role.account} (${role.partition}); the role of an association has to be in the account of the cluster, ${cluster.account} (${cluster.partition}); ${fix}`
  )
}

function firstRoleOf(
  { firstRole, externalId }: PodIdentityOptions,
  role: RoleArn | undefined,
  association: Association | undefined
): { readonly arn: string; readonly externalId: string | undefined } | undefined {
  const isTarget =
    role !== undefined && association?.targetRoleArn === role.text && association.roleArn !== role.text
  const arn = firstRole ?? (isTarget ? association.roleArn : undefined)
  if (arn === undefined) {
    if (externalId === undefined) return undefined
    throw new GuardError(
      'ERR_USAGE',
      '--external-id is for a target role; use --first-role to pass the role that assumes it'
    )
  }
  if (parseRoleArn(arn) === undefined)
    throw new GuardError(
      'ERR_USAGE',
      `--first-role is ${JSON.stringify(arn)}; expected arn:aws:iam::<12-digit-account>:role/<path/><name>`
    )
  if (externalId === '')
    throw new GuardError(
      'ERR_USAGE',
      '--external-id is ""; expected the external ID of the association (without the option, it is derived as EKS derives it)'
    )
  const isOfAssociation = association?.roleArn === arn

  return { arn, externalId: externalId ?? (isOfAssociation ? association.externalId : undefined) }
}
