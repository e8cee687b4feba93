import { defaultIdentityWebhook, withAnnotationPrefix } from '../identity-webhook/settings.js'
import type { Finding, Unchecked } from '../model/finding.js'
import { parseSubject } from '../model/subject.js'
import { review } from '../review.js'
import { loadSnapshots } from '../sources/iam-file/snapshot.js'
import { buildObjectSources } from '../sources/objects/objects.js'

/** The result of `checkObjects` for one object: `allowed` is false if it has an error without a waiver. */
export interface ObjectVerdict {
  readonly object: unknown
  readonly allowed: boolean
  readonly findings: readonly Finding[]
  readonly unchecked: readonly Unchecked[]
}

/**
 * Judges Kubernetes objects as `irsa-guard check` does, one verdict for each in order. `iam` is an
 * IamSnapshot or a list of them, `issuer` the cluster's OIDC issuer with its `https://`, `clusterCa` its
 * current CAs as PEM, `audience` the one that its identity webhook asks tokens for when no annotation does,
 * `annotationPrefix` that of its annotations where it is not `eks.amazonaws.com`. Throws ERR_IAM_SNAPSHOT for
 * a snapshot that is none.
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
    audience?: string | undefined
    annotationPrefix?: string | undefined
    namespace?: string | undefined
    at?: Date | undefined
  } = {}
): Promise<ObjectVerdict[]> {
  const documents = options.iam === undefined ? [] : Array.isArray(options.iam) ? options.iam : [options.iam]
  const snapshot =
    documents.length === 0
      ? undefined
      : loadSnapshots(documents.map((content: unknown, index) => ({ file: `iam[${index}]`, content })))
  const subjects = objects.map((object) =>
    parseSubject(object, { stage: 'source', namespace: options.namespace })
  )
  const together = buildObjectSources(
    subjects.filter((subject) => subject !== undefined),
    objects,
    options.namespace
  )
  const context = {
    sources: {
      ...together,
      ...(snapshot && { iam: snapshot.iam, trustingRoles: snapshot.trustingRoles }),
      issuer: options.issuer ?? snapshot?.issuer,
      clusterCa: options.clusterCa ?? together.clusterCa,
      audience: options.audience,
      identityWebhook: withAnnotationPrefix(defaultIdentityWebhook, options.annotationPrefix)
    },
    mode: 'enforce' as const,
    at: options.at ?? new Date(),
    deadline: new AbortController()
  }

  return Promise.all(
    objects.map(async (object, index) => {
      const subject = subjects[index]
      if (subject === undefined) return { object, allowed: true, findings: [], unchecked: [] }

      const { allowed, findings, unchecked } = await review(subject, context)

      return { object, allowed, findings, unchecked }
    })
  )
}
