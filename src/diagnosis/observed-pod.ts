import { parseSubject, type PodSubject } from '../model/subject.js'
import { isRecord, listOf, recordOf, textOf } from '../text/record.js'

/** The parts of a pod that concern its AWS identity, as shown by `kubectl describe`. */
export interface ObservedPod {
  readonly name: string
  readonly phase: string
  readonly createdAt: Date | undefined
  readonly restarts: number
  readonly node: string | undefined
  readonly usesHostNetwork: boolean
  /** Why containers do not run, such as `ImagePullBackOff`. */
  readonly waiting: readonly { readonly container: string; readonly reason: string }[]
  /** Why it is not scheduled. */
  readonly unschedulable: string | undefined
  /** Undefined for the mirror pod of a static pod, because no webhook mutates static pods. */
  readonly subject: PodSubject | undefined
  /** The lifetime, in seconds, of each projected token, by the name of its volume. */
  readonly tokenLifetimes: ReadonlyMap<string, number>
  readonly isOver: boolean
}

/** Reads a pod of a cluster. Never throws. */
export function observedPodOf(object: Readonly<Record<string, unknown>>): ObservedPod {
  const metadata = recordOf(object['metadata'])
  const spec = recordOf(object['spec'])
  const status = recordOf(object['status'])
  const containers = [
    ...listOf(status['initContainerStatuses']),
    ...listOf(status['containerStatuses'])
  ].filter(isRecord)
  const created = new Date(textOf(metadata['creationTimestamp']) ?? NaN)
  const phase = textOf(status['phase']) ?? 'Pending'
  const subject = parseSubject(object, { stage: 'running' })

  return {
    name: textOf(metadata['name']) ?? '',
    phase,
    createdAt: Number.isNaN(created.getTime()) ? undefined : created,
    restarts: containers.reduce((sum, { restartCount }) => sum + (Number(restartCount) || 0), 0),
    node: textOf(spec['nodeName']),
    usesHostNetwork: spec['hostNetwork'] === true,
    waiting: containers.flatMap(({ name, state }) => {
      const reason = textOf(recordOf(recordOf(state)['waiting'])['reason'])
      return reason === undefined ? [] : [{ container: textOf(name) ?? '', reason }]
    }),
    unschedulable: unschedulableIn(status),
    subject: subject?.kind === 'Pod' ? subject : undefined,
    tokenLifetimes: lifetimesIn(spec),
    isOver: phase === 'Succeeded' || phase === 'Failed' || metadata['deletionTimestamp'] !== undefined
  }
}

/**
 * The pod to look at: the newest of those that have not ended, because older ones may be about to be
 * replaced.
 */
export function chosenPod(pods: readonly ObservedPod[]): ObservedPod | undefined {
  const [newest] = pods.toSorted(
    (one, other) =>
      Number(one.isOver) - Number(other.isOver) ||
      (other.createdAt?.getTime() ?? 0) - (one.createdAt?.getTime() ?? 0) ||
      (one.name < other.name ? -1 : 1)
  )

  return newest
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions */
function unschedulableIn(status: Readonly<Record<string, unknown>>): string | undefined {
  const condition = listOf(status['conditions'])
    .map(recordOf)
    .find(({ type, status: met }) => type === 'PodScheduled' && met === 'False')

  return condition && (textOf(condition['message']) ?? textOf(condition['reason']) ?? 'not scheduled')
}

/** If no lifetime is set, a projected token is valid for an hour, which is the API's default. */
const defaultLifetime = 3600

function lifetimesIn(spec: Readonly<Record<string, unknown>>): ReadonlyMap<string, number> {
  return new Map(
    listOf(spec['volumes'])
      .map(recordOf)
      .flatMap(({ name, projected }) =>
        listOf(recordOf(projected)['sources']).flatMap((source): [string, number][] => {
          const token = recordOf(source)['serviceAccountToken']
          const seconds = recordOf(token)['expirationSeconds']
          return isRecord(token)
            ? [[textOf(name) ?? '', typeof seconds === 'number' ? seconds : defaultLifetime]]
            : []
        })
      )
  )
}
