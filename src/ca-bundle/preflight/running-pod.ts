import { listOf, recordOf, textOf } from '../../text/record.js'

type KubeRecord = Readonly<Record<string, unknown>>

/** When a pod started, and how it gets the CAs. */
export interface PodStart {
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

/** A running pod, and what to restart in order to replace it. */
export interface RunningPod extends PodStart {
  readonly name: string
  /** The workload, such as a Deployment, or the pod itself. */
  readonly runner: {
    readonly kind: string
    readonly namespace: string
    readonly name: string
    /** Whether a StatefulSet or DaemonSet replaces its pods only when they are deleted. */
    readonly isOnDelete?: boolean
  }
}

/** Reads when a pod started; undefined if it has ended or is about to be deleted. Never throws. */
export function podStartOf({ metadata, spec, status }: KubeRecord): PodStart | undefined {
  const { phase, startTime, containerStatuses, initContainerStatuses } = recordOf(status)
  const { deletionTimestamp, creationTimestamp } = recordOf(metadata)
  // https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase
  if (phase === 'Succeeded' || phase === 'Failed' || deletionTimestamp !== undefined) return undefined
  const starts = [...listOf(containerStatuses), ...listOf(initContainerStatuses)]
    .map((container) => recordOf(recordOf(recordOf(container)['state'])['running'])['startedAt'])
    .map((start) => Date.parse(textOf(start) ?? ''))
    .filter((start) => !Number.isNaN(start))

  return {
    startedAt: Date.parse(textOf(startTime) ?? textOf(creationTimestamp) ?? ''),
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
