import { defaultIdentityWebhook, withAnnotationPrefix } from '../identity-webhook/settings.js'
import { type ClusterArn, parseClusterArn } from '../model/cluster-arn.js'
import type { Finding, Unchecked } from '../model/finding.js'
import { GuardError } from '../model/guard-error.js'
import { withoutEksSlash } from '../model/issuer.js'
import { reviewObjects } from '../review-objects.js'
import { loadSnapshots } from '../sources/iam-file/snapshot.js'

/** The result of `checkObjects` for one object: `allowed` is false if it has an error without a waiver. */
export interface ObjectVerdict {
  readonly object: unknown
  readonly allowed: boolean
  readonly findings: readonly Finding[]
  readonly unchecked: readonly Unchecked[]
}

/**
 * Judges Kubernetes objects as `irsa-guard check` does. Returns one verdict for each object, in order.
 * Anything that is not an object gets the finding `not-an-object`. `iam` is an IamSnapshot or a list of them.
 * `issuer` is the cluster's OIDC issuer with its `https://`. `clusterCa` contains the cluster's current CAs
 * as PEM. `audience` is the audience that the identity webhook requests if no annotation sets one.
 * `clusterArn` is the ARN of the EKS cluster, if the IamSnapshot does not name it.
 * `annotationPrefix` is the prefix of the identity webhook's annotations, `eks.amazonaws.com` by default.
 * Throws ERR_IAM_SNAPSHOT for an invalid snapshot, and ERR_USAGE for an invalid `clusterArn`.
 *
 * @example
 * const [verdict] = await checkObjects([serviceAccount], { iam: snapshot })
 */
export async function checkObjects(
  objects: readonly unknown[],
  options: {
    iam?: unknown
    issuer?: string | undefined
    clusterCa?: string | undefined
    clusterArn?: string | undefined
    audience?: string | undefined
    annotationPrefix?: string | undefined
    namespace?: string | undefined
    at?: Date | undefined
  } = {}
): Promise<ObjectVerdict[]> {
  const documents = options.iam === undefined ? [] : Array.isArray(options.iam) ? options.iam : [options.iam]
  const chosen = options.clusterArn === undefined ? undefined : loadClusterArn(options.clusterArn)
  const snapshot =
    documents.length === 0
      ? undefined
      : loadSnapshots(
          documents.map((content: unknown, index) => ({ file: `iam[${index}]`, content })),
          (clusters) => chosen ?? (clusters.length === 1 ? clusters[0] : undefined)
        )
  const clusterArn = chosen ?? snapshot?.clusterArn
  const reviews = await reviewObjects(objects, {
    namespace: options.namespace,
    at: options.at ?? new Date(),
    deadline: new AbortController(),
    sourcesWith: (together) => ({
      ...together,
      ...snapshot,
      clusterArn,
      issuer: options.issuer === undefined ? snapshot?.issuer : withoutEksSlash(options.issuer),
      clusterCa: options.clusterCa ?? together.clusterCa,
      audience: options.audience,
      identityWebhook: withAnnotationPrefix(
        together.identityWebhook ?? defaultIdentityWebhook,
        options.annotationPrefix
      )
    })
  })

  return reviews.map(({ allowed, findings, unchecked }, index) => ({
    object: objects[index],
    allowed,
    findings,
    unchecked
  }))
}

function loadClusterArn(text: string): ClusterArn {
  const cluster = parseClusterArn(text)
  if (cluster !== undefined) return cluster

  throw new GuardError(
    'ERR_USAGE',
    `clusterArn is ${JSON.stringify(text)}; expected the ARN of an EKS cluster`
  )
}
