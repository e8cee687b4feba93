import { shownDuration } from '../../text/duration.js'
import type { ObservedPod } from '../observed-pod.js'
import type { Judged, Scene } from '../scene.js'
import { couldNotTell, ok, wrong } from '../scene.js'

/**
 * Reasons, unrelated to AWS credentials, why a container does not start.
 * https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff
 */
const startFailures: ReadonlySet<string> = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError'
])

/** Whether there is a pod, and whether it starts. */
export function podStep(scene: Scene): Judged {
  const { pod, tools, subject } = scene
  if (pod.state === 'unknown') return couldNotTell('pod', pod.because)
  if (pod.state === 'moot') return withoutPod(scene, pod.because)
  const { value: observed } = pod
  const shown = `${observed.name}: ${shownState(observed, scene.at)}, service account ${scene.account.name}`
  const describe = `${tools.kubectl} describe pod ${observed.name} -n ${subject.namespace}`
  const failing = observed.waiting.find(({ reason }) => startFailures.has(reason))
  if (failing !== undefined)
    return wrong('pod', `${shown}; container ${failing.container} does not start: ${failing.reason}`, {
      fix: `find out why: ${describe}`
    })
  if (observed.unschedulable !== undefined)
    return wrong('pod', `${shown}; it cannot be scheduled: ${observed.unschedulable}`, {
      fix: `find out why: ${describe}`
    })

  return ok('pod', shown)
}

/** Whether the pod failed or a container keeps crashing, as often happens when AWS calls fail. */
export const isCrashing = ({ waiting, phase }: ObservedPod): boolean =>
  phase === 'Failed' || waiting.some(({ reason }) => reason === 'CrashLoopBackOff')

function withoutPod({ creationFailure, subject, account }: Scene, because: string): Judged {
  if (creationFailure !== undefined)
    return wrong('pod', `no pod could be created: ${creationFailure}`, {
      fix: 'correct what the message names; the controller then retries by itself'
    })

  return ok(
    'pod',
    subject.kind === 'ServiceAccount' ? because : `${because}; it runs as service account ${account.name}`
  )
}

function shownState({ phase, restarts, createdAt, waiting }: ObservedPod, at: Date): string {
  const crashing = waiting.find(({ reason }) => reason === 'CrashLoopBackOff')

  return [
    `${phase}${createdAt === undefined ? '' : ` for ${shownDuration((at.getTime() - createdAt.getTime()) / 1000)}`}`,
    ...(crashing === undefined ? [] : [`container ${crashing.container} in CrashLoopBackOff`]),
    restarts === 0 ? 'no restarts' : `${restarts} restart${restarts === 1 ? '' : 's'}`
  ].join(', ')
}
