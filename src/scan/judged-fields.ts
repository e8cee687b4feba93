import type { KubeObject } from '../kube/read.js'
import { ownerOf } from '../model/kubernetes-object.js'
import { isRecord, listOf, recordOf } from '../text/record.js'

// A pod as the API server returns it takes about 10 KB, and a large cluster has 40,000 pods. The fields that
// the rules read take less than a tenth of that.

/** Keeps the judged fields of an object that has no spec, or whose spec is not judged. */
export const keepMetadata = (object: KubeObject): KubeObject => ({
  apiVersion: object['apiVersion'],
  kind: object['kind'],
  metadata: metadataIn(object['metadata'])
})

/** Keeps the whole object, but only the judged fields of its metadata. */
export const keepWhole = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: metadataIn(object['metadata'])
})

/** Keeps the judged fields of a pod; undefined if the pod has ended or is about to. */
export function keepPod(object: KubeObject): KubeObject | undefined {
  const { metadata, spec, status } = object
  const { phase } = recordOf(status)
  // https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase
  if (phase === 'Succeeded' || phase === 'Failed') return undefined
  if (recordOf(metadata)['deletionTimestamp'] !== undefined) return undefined

  return { ...keepMetadata(object), spec: podSpecIn(spec) }
}

/** Keeps the judged fields of an object whose pod template is where the built-in kinds have theirs. */
export function keepWorkload(object: KubeObject): KubeObject | undefined {
  const { template, jobTemplate } = recordOf(object['spec'])

  return {
    ...keepMetadata(object),
    spec: {
      ...(isRecord(template) && { template: templateIn(template) }),
      ...(isRecord(jobTemplate) && {
        jobTemplate: { spec: { template: templateIn(recordOf(jobTemplate['spec'])['template']) } }
      })
    }
  }
}

/**
 * Keeps the judged fields of a ReplicaSet; undefined for an old revision. If the template comes from a
 * Deployment, only the metadata is kept, which shows who owns a pod.
 */
export function keepReplicaSet(object: KubeObject): KubeObject | undefined {
  const owner = ownerOf(object)
  if (owner !== undefined && recordOf(object['spec'])['replicas'] === 0) return undefined

  return owner?.kind === 'Deployment' ? keepMetadata(object) : keepWorkload(object)
}

/** Keeps the judged fields of a Job; undefined if it has ended, because it then creates no more pods. */
export function keepJob(object: KubeObject): KubeObject | undefined {
  const hasEnded = listOf(recordOf(object['status'])['conditions']).some((condition) => {
    const { type, status } = recordOf(condition)
    return (type === 'Complete' || type === 'Failed') && status === 'True'
  })

  return hasEnded ? undefined : keepWorkload(object)
}

function metadataIn(metadata: unknown): KubeObject {
  const { name, generateName, namespace, uid, labels, annotations, ownerReferences, creationTimestamp } =
    recordOf(metadata)

  return {
    name,
    ...(generateName !== undefined && { generateName }),
    ...(namespace !== undefined && { namespace }),
    uid,
    ...(labels !== undefined && { labels }),
    ...(annotations !== undefined && { annotations: annotationsIn(annotations) }),
    ...(ownerReferences !== undefined && { ownerReferences: listOf(ownerReferences).map(ownerIn) }),
    creationTimestamp
  }
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
// No role ARN is that long. Rules report overlong values only in the annotations of the identity webhook and
// irsa-guard.
const longest = 2048
const judgedAtAnyLength =
  /\/(?:role-arn|audience|sts-regional-endpoints|token-expiration|skip-containers)$|^(?:.+\.)?irsa-guard\.io\//

/**
 * All annotations except two kinds: the copy of the object that `kubectl apply` leaves, and long values that
 * other programs store.
 */
const annotationsIn = (annotations: unknown): KubeObject =>
  Object.fromEntries(
    Object.entries(recordOf(annotations)).filter(
      ([key, value]) =>
        key !== lastApplied &&
        (typeof value !== 'string' || value.length <= longest || judgedAtAnyLength.test(key))
    )
  )

function ownerIn(owner: unknown): KubeObject {
  const { kind, name, controller } = recordOf(owner)

  return { kind, name, ...(controller !== undefined && { controller }) }
}

function templateIn(template: unknown): KubeObject {
  const { metadata, spec } = recordOf(template)
  const { annotations } = recordOf(metadata)

  return {
    metadata: {
      ...pick(metadata, ['labels']),
      ...(annotations !== undefined && { annotations: annotationsIn(annotations) })
    },
    spec: podSpecIn(spec)
  }
}

/** The fields that `parsePod` and the search for the EKS Pod Identity Agent read. */
function podSpecIn(spec: unknown): KubeObject {
  const { containers, initContainers, volumes, affinity } = recordOf(spec)

  return {
    ...pick(spec, [
      ...['serviceAccountName', 'serviceAccount', 'priorityClassName', 'runtimeClassName', 'schedulerName'],
      ...['nodeSelector', 'os']
    ]),
    ...(isRecord(affinity) && { affinity: pick(affinity, ['nodeAffinity']) }),
    ...(Array.isArray(initContainers) && { initContainers: initContainers.map(containerIn) }),
    containers: listOf(containers).map(containerIn),
    ...(Array.isArray(volumes) && {
      volumes: volumes.map(volumeIn)
    })
  }
}

function containerIn(container: unknown): KubeObject {
  const { env, volumeMounts } = recordOf(container)

  return {
    ...pick(container, ['name', 'image', 'envFrom']),
    ...(Array.isArray(env) && { env: env.map(variableIn) }),
    ...(Array.isArray(volumeMounts) && {
      volumeMounts: volumeMounts.map((mount) => pick(mount, ['name', 'mountPath', 'subPath', 'subPathExpr']))
    })
  }
}

function volumeIn(volume: unknown): KubeObject {
  const { projected } = recordOf(volume)

  return {
    ...pick(volume, ['name', 'secret']),
    ...(isRecord(projected) && { projected: { sources: listOf(projected['sources']).map(sourceIn) } })
  }
}

/** As with variables, a source that is not judged is null. */
function sourceIn(source: unknown): KubeObject | null {
  const kept = pick(source, ['serviceAccountToken', 'secret'])

  return Object.keys(kept).length === 0 ? null : kept
}

/** A variable that is not judged is null, because a finding names a variable by its index. */
const variableIn = (variable: unknown): unknown =>
  /^AWS_|_PROXY$|_proxy$/.test(String(recordOf(variable)['name'])) ? variable : null

function pick(value: unknown, keys: readonly string[]): KubeObject {
  const record = recordOf(value)

  return Object.fromEntries(keys.flatMap((key) => (record[key] === undefined ? [] : [[key, record[key]]])))
}
