import { ownWebhooks } from '../../ca-bundle/guarded-webhooks.js'
import { probePodOf } from '../../identity-webhook/probe-pod.js'
import { readAccess } from '../../kube/access.js'
import type { KubeClient } from '../../kube/client.js'
import { createPodInDryRun } from '../../kube/dry-run.js'
import { type KubeObject, statusMessage } from '../../kube/read.js'
import { canI } from '../../kube/refusals.js'
import type { KubeResponse } from '../../kube/response.js'
import { GuardError } from '../../model/guard-error.js'
import { reasonOf, shorten } from '../../text/escape.js'
import { isRecord, listOf, recordOf, textOf } from '../../text/record.js'
import type { ObjectReference } from './object-reference.js'

/** The result of creating a pod in a dry run: the admitted pod, or why there is none. */
export type DryRun =
  | { readonly state: 'admitted'; readonly pod: KubeObject }
  /** irsa-guard's own webhook denied the pod, because the pod did not get its identity. */
  | { readonly state: 'absent'; readonly because: string }
  | { readonly state: 'unknown'; readonly because: string }

/** A pod for a service account, or from a workload's template; undefined if the workload has no template. */
export function buildPod(
  { kind: { kind }, name }: ObjectReference,
  object: KubeObject
): KubeObject | undefined {
  if (kind === 'ServiceAccount') return probePodOf({ name: 'irsa-guard-wait', serviceAccount: name })

  const spec = recordOf(object['spec'])
  const { template } = kind === 'CronJob' ? recordOf(recordOf(spec['jobTemplate'])['spec']) : spec
  if (!isRecord(template) || !isRecord(template['spec'])) return undefined
  const { labels, annotations } = recordOf(template['metadata'])
  const volumes = [...listOf(template['spec']['volumes']), ...claimedVolumes(name, spec)]

  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: `${name}-`, labels, annotations },
    spec: { ...template['spec'], volumes }
  }
}

/**
 * The volumes that a StatefulSet adds to each pod:
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#volume-claim-templates
 */
const claimedVolumes = (name: string, spec: KubeObject): readonly object[] =>
  listOf(spec['volumeClaimTemplates']).map((claim) => {
    const volume = textOf(recordOf(recordOf(claim)['metadata'])['name'])
    return { name: volume, persistentVolumeClaim: { claimName: `${volume}-${name}-0` } }
  })

/**
 * Creates a pod in a dry run. Throws ERR_INPUT with the `kubectl auth can-i` command if the user is not
 * allowed to create pods.
 */
export async function dryRunPod(
  {
    client,
    namespace,
    flags
  }: { readonly client: KubeClient; readonly namespace: string; readonly flags: string },
  pod: KubeObject,
  signal: AbortSignal
): Promise<DryRun> {
  let response: KubeResponse
  try {
    response = await createPodInDryRun(client, namespace, pod, signal)
  } catch (error) {
    return { state: 'unknown', because: `the API server did not answer (${reasonOf(error)})` }
  }
  const { status, body } = response
  if (status === 201) return { state: 'admitted', pod: recordOf(body) }
  if (status === 403 && !(await mayCreatePods(client, namespace, signal)))
    throw new GuardError(
      'ERR_INPUT',
      `you are not allowed to create pods in namespace ${namespace}, not even in a dry run; check: ${canI('POST', `/api/v1/namespaces/${namespace}/pods`)}${flags}`
    )
  const message = shorten(statusMessage(response), longestRefusal)
  const isOwn = ownWebhooks.some((name) => message.includes(`admission webhook "${name}" denied`))

  return isOwn
    ? { state: 'absent', because: message }
    : { state: 'unknown', because: `the API server refused the dry-run pod: ${message}` }
}

// A denial by several policies can be pages long.
const longestRefusal = 1000

/**
 * Whether the user may create pods, checked in the same way as by `kubectl auth can-i`. The status of the dry
 * run does not show it, because an admission plugin that denies a pod also responds with 403. True if the check
 * gets no response.
 * https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
async function mayCreatePods(client: KubeClient, namespace: string, signal: AbortSignal): Promise<boolean> {
  const resourceAttributes = { namespace, verb: 'create', resource: 'pods' }
  const access = await readAccess(client, 'SelfSubjectAccessReview', { resourceAttributes }, signal)

  return access.state !== 'known' || access.value // if unknown, the refusal is reported as the API server put it
}
