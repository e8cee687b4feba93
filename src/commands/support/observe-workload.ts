import { chosenPod, type ObservedPod, observedPodOf } from '../../diagnosis/observed-pod.js'
import type { KubeClient } from '../../kube/client.js'
import type { KubeObject } from '../../kube/read.js'
import { canI } from '../../kube/refusals.js'
import type { Runner } from '../../migration/runners.js'
import { type Fact, known, moot, unknown } from '../../model/fact.js'
import { parseSubject, type WorkloadSubject } from '../../model/subject.js'
import { restartable, workloadPath } from '../../model/workload-kind.js'
import { readEvents, readOwners, readWorkloadObjects } from '../../sources/diagnosis/workload-objects.js'
import { shorten } from '../../text/escape.js'
import { recordOf, textOf } from '../../text/record.js'
import { loadClusterObject } from './cluster.js'
import type { ObjectReference } from './object-reference.js'

/** An object, the pod that represents it, and the owners that create its pods. */
export interface ObservedWorkload {
  readonly accountName: string
  readonly pod: Fact<ObservedPod>
  readonly podObject: KubeObject | undefined
  readonly template: WorkloadSubject | undefined
  readonly runners: readonly Runner[]
  readonly creationFailure: string | undefined
}

/** Several workloads can use the same service account. At most this many are looked up. */
const maxRunners = 10

/**
 * Reads an object and its pods. `flags` are the kubectl flags that choose the cluster. Throws ERR_INPUT if the
 * object does not exist or the user is not permitted to read it, and ERR_KUBECONFIG if the cluster does not
 * answer.
 */
export async function observeWorkload(
  client: KubeClient,
  { kind, namespace, name }: ObjectReference,
  flags: string
): Promise<ObservedWorkload> {
  const path = workloadPath(kind, namespace, name)
  const shown = `${kind.kind.toLowerCase()} ${namespace}/${name}`
  const object = await loadClusterObject(client, path, shown, `${canI('GET', path)}${flags}`)
  const whole = { apiVersion: kind.group.replace(/^\/apis?\//, ''), kind: kind.kind, ...object }
  const { chain, between, pods } = await readWorkloadObjects(client, whole, kind)
  const objects = pods.state === 'known' ? pods.value : []
  const observed = new Map(objects.map((pod) => [observedPodOf(pod), pod]))
  const chosen = chosenPod([...observed.keys()])
  const podObject = chosen && observed.get(chosen)
  const runners =
    kind.kind === 'ServiceAccount'
      ? await runnersOf(client, [...(podObject === undefined ? [] : [podObject]), ...objects])
      : [runnerAmong(chain)]
  const template = templateOf(runners[0]?.object)
  const isEmpty = pods.state === 'known' && chosen === undefined

  return {
    accountName:
      kind.kind === 'ServiceAccount'
        ? name
        : (chosen?.subject?.pod.serviceAccountName ??
          template?.pod.serviceAccountName ??
          accountIn(podObject)),
    pod:
      chosen !== undefined
        ? known(chosen)
        : pods.state === 'known'
          ? moot(emptyBecause(kind.kind, whole))
          : unknown(pods.because),
    podObject,
    template,
    runners: runners.filter(({ kind }) => kind !== 'ServiceAccount'),
    creationFailure: isEmpty ? await creationFailureOf(client, [...between, whole]) : undefined
  }
}

const accountIn = (pod: KubeObject | undefined): string =>
  textOf(recordOf(pod?.['spec'])['serviceAccountName']) ?? 'default'

function emptyBecause(kind: string, object: KubeObject): string {
  const { replicas, suspend } = recordOf(object['spec'])
  if (kind === 'ServiceAccount') return 'no pod uses it'
  if (replicas === 0) return 'it has no pods, because spec.replicas is 0'

  return suspend === true ? 'it has no pods, because it is suspended' : 'it has no pods'
}

/** What can replace the pods: the nearest owner that can be restarted, otherwise the topmost one. */
function runnerAmong(chain: readonly KubeObject[]): Runner {
  const found = chain.find(({ kind }) => restartable.has(String(kind))) ?? chain.at(-1)
  const { namespace, name } = recordOf(found?.['metadata'])
  const kind = textOf(found?.['kind']) ?? 'Pod'

  return {
    kind,
    namespace: textOf(namespace) ?? '',
    name: textOf(name) ?? '',
    object: found,
    templates: [],
    pods: kind === 'Pod' && found !== undefined ? runningPods(found) : []
  }
}

function runningPods(object: KubeObject): Runner['pods'] {
  const { subject, isOver } = observedPodOf(object)

  return subject === undefined ? [] : [{ subject, isOver }]
}

/** The workloads of a service account's pods, without duplicates. */
async function runnersOf(client: KubeClient, pods: readonly KubeObject[]): Promise<Runner[]> {
  const runners = new Map<string, Runner>()
  const seen = new Set<unknown>()
  for (const pod of pods) {
    const [controller] = [recordOf(pod['metadata'])['ownerReferences']].flat().map(recordOf)
    const key = controller?.['uid'] ?? recordOf(pod['metadata'])['uid']
    if (seen.has(key)) continue
    if (seen.size === maxRunners) break
    seen.add(key)
    const runner = runnerAmong([pod, ...(await readOwners(client, pod))])
    runners.set(`${runner.kind}/${runner.name}`, runner)
  }

  return [...runners.values()]
}

function templateOf(object: KubeObject | undefined): WorkloadSubject | undefined {
  const subject = object && parseSubject(object, { stage: 'running' })

  return subject?.kind === 'Workload' ? subject : undefined
}

/** The newest message about pods that could not be created. */
async function creationFailureOf(
  client: KubeClient,
  creators: readonly KubeObject[]
): Promise<string | undefined> {
  const events = await Promise.all(
    creators.slice(0, maxRunners).map(async (creator) => readEvents(client, creator))
  )
  const failures = events
    .flatMap((read) => (read.state === 'known' ? read.value : []))
    .filter(({ type, reason }) => type === 'Warning' && reason === 'FailedCreate')
    .toSorted((one, other) => timeOf(other).localeCompare(timeOf(one)))
  const message = textOf(failures[0]?.['message'])

  return message === undefined ? undefined : shorten(message, 500)
}

const timeOf = ({ lastTimestamp, eventTime }: KubeObject): string =>
  textOf(lastTimestamp) ?? textOf(eventTime) ?? ''
