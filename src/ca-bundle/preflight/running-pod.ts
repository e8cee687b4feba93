import { listOf, recordOf, textOf } from '../../text/record.js'

type KubeRecord = Readonly<Record<string, unknown>>

/** What runs, and when it started. */
export interface RunningPod {
  /** What to restart: the Deployment and the like, or the pod itself. */
  readonly runner: {
    readonly kind: string
    readonly namespace: string
    readonly name: string
    /** Whether a StatefulSet or DaemonSet replaces its pods only when they are deleted. */
    readonly isOnDelete?: boolean
  }
  /** The start of the pod, in milliseconds. */
  readonly startedAt: number
  /** The start of the container that has run the longest, in milliseconds; undefined if none runs. */
  readonly oldestContainer: number | undefined
  /**
   * How the containers get the CAs. `file`: the kubelet keeps the file current. `copy`: a variable or a
   * `subPath` mount, which never changes. `none`: not at all.
   */
  readonly cas: 'file' | 'copy' | 'none'
}

/** Reads a running pod; undefined if it has ended, has not started, or is about to be deleted. Never throws. */
export function runningPodOf(
  { metadata, spec, status }: KubeRecord,
  runnerOf: (pod: KubeRecord) => RunningPod['runner']
): RunningPod | undefined {
  const { phase, startTime, containerStatuses, initContainerStatuses } = recordOf(status)
  const { deletionTimestamp, creationTimestamp } = recordOf(metadata)
  // https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase
  if (phase === 'Succeeded' || phase === 'Failed' || deletionTimestamp !== undefined) return undefined
  const starts = [...listOf(containerStatuses), ...listOf(initContainerStatuses)].flatMap((container) => {
    const start = Date.parse(String(recordOf(recordOf(recordOf(container)['state'])['running'])['startedAt']))

    return Number.isNaN(start) ? [] : [start]
  })

  return {
    runner: runnerOf({ metadata, spec, status }),
    startedAt: Date.parse(textOf(startTime) ?? String(creationTimestamp)),
    oldestContainer: starts.length === 0 ? undefined : Math.min(...starts),
    cas: casOf(recordOf(spec))
  }
}

/** Kubernetes mounts the ConfigMap kube-root-ca.crt into every pod with a service account token. */
const published = 'kube-root-ca.crt'

function casOf({ volumes, containers, initContainers }: KubeRecord): RunningPod['cas'] {
  const names = new Set(
    listOf(volumes)
      .map(recordOf)
      .filter((volume) =>
        [volume, ...listOf(recordOf(volume['projected'])['sources'])].some(
          (source) => recordOf(recordOf(source)['configMap'])['name'] === published
        )
      )
      .map(({ name }) => name)
  )
  const all = [...listOf(containers), ...listOf(initContainers)].map(recordOf)
  const isCopied = all.some(({ env, envFrom, volumeMounts }) => {
    const isFromVariable = listOf(env).some(
      (variable) =>
        recordOf(recordOf(recordOf(variable)['valueFrom'])['configMapKeyRef'])['name'] === published
    )
    const isFromAll = listOf(envFrom).some(
      (source) => recordOf(recordOf(source)['configMapRef'])['name'] === published
    )
    const hasSubPath = listOf(volumeMounts)
      .map(recordOf)
      .some(
        ({ name, subPath, subPathExpr }) =>
          names.has(name) && (textOf(subPath) ?? textOf(subPathExpr)) !== undefined
      )

    return isFromVariable || isFromAll || hasSubPath
  })
  if (isCopied) return 'copy'

  return names.size > 0 ? 'file' : 'none'
}
