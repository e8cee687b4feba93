import { type ClusterArn, parseClusterArn } from '../../model/cluster-arn.js'
import { memoizeLast } from '../../text/memoize.js'

/** One role's trust policy and one association. */
export interface PodIdentityQuestion {
  /** The policy: an object, a JSON string, or a percent-encoded JSON string. */
  readonly document: unknown
  /** `url`: percent-encoded, as GetRole returns it. If omitted, the encoding is detected. */
  readonly encoding?: 'json' | 'url' | undefined
  /** The cluster of the association, parsed or as its ARN. */
  readonly clusterArn: ClusterArn | string
  readonly namespace: string
  readonly serviceAccount: string
  /** False if the association disables session tags; true by default. */
  readonly sessionTags?: boolean | undefined
  /** The ARN of the role that has this trust policy, for messages. */
  readonly roleArn?: string | undefined
  /** The association's role; set only if the document is the trust policy of its target role. */
  readonly firstRole?: FirstRole | undefined
  /**
   * The current time. If omitted, conditions on the time depend on the request; if given, a deadline in the
   * past can never be met again.
   */
  readonly at?: Date | undefined
}

/** The role that assumes a target role. */
export interface FirstRole {
  readonly arn: string
  /** The external ID of the association; if omitted, it is derived as EKS derives it. */
  readonly externalId?: string | undefined
}

/** The caller of STS: EKS assumes the association's role, and that role assumes the target role. */
export interface Caller {
  readonly cluster: ClusterArn
  /** The ARN of the role to assume, if it is known. */
  readonly roleArn: string | undefined
  readonly namespace: string
  readonly serviceAccount: string
  readonly sessionTags: boolean
  readonly firstRole:
    { readonly arn: string; readonly account: string; readonly externalId: string } | undefined
  readonly at: Date | undefined
}

/** The principal of EKS Pod Identity, in all partitions: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html */
export const podsService = 'pods.eks.amazonaws.com'

/**
 * The actions that a role's trust policy must allow:
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
 */
export const actions = ['sts:AssumeRole', 'sts:TagSession'] as const
export type Action = (typeof actions)[number]

/** The caller that a question is about; undefined if the cluster ARN is invalid. */
export function callerOf(question: Omit<PodIdentityQuestion, 'document'>): Caller | undefined {
  const { clusterArn, roleArn, namespace, serviceAccount, sessionTags = true, firstRole, at } = question
  const cluster = typeof clusterArn === 'string' ? clusterOf(clusterArn) : clusterArn
  if (cluster === undefined) return undefined

  return {
    cluster,
    roleArn,
    namespace,
    serviceAccount,
    sessionTags,
    firstRole: firstRole && {
      arn: firstRole.arn,
      account: firstRole.arn.split(':', 5)[4] ?? '',
      externalId: firstRole.externalId ?? externalIdOf(cluster, namespace, serviceAccount)
    },
    at
  }
}

/** A process rarely sees more than one cluster. */
const clusterOf = memoizeLast(parseClusterArn)

/** The external ID of an association: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html */
const externalIdOf = (
  { region, account, name }: ClusterArn,
  namespace: string,
  serviceAccount: string
): string => [region, account, name, namespace, serviceAccount].join('/')

/**
 * The value of a session tag, by its name in lower case; undefined if it is known only once the pod starts:
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
 */
export function tagOf({ cluster, namespace, serviceAccount }: Caller, name: string): string | undefined {
  if (name === 'eks-cluster-arn') return cluster.text
  if (name === 'eks-cluster-name') return cluster.name
  if (name === 'kubernetes-namespace') return namespace

  return name === 'kubernetes-service-account' ? serviceAccount : undefined
}

/** The names of the session tags that EKS sets. */
export const tagNames: readonly string[] = [
  'eks-cluster-arn',
  'eks-cluster-name',
  'kubernetes-namespace',
  'kubernetes-service-account',
  'kubernetes-pod-name',
  'kubernetes-pod-uid'
]

/** The prefixes of the condition keys for tags, in lower case. */
export const requestTag = 'aws:requesttag/'
export const principalTag = 'aws:principaltag/'
