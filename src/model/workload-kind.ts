import { shellQuote } from '../text/shell.js'

/** A kind of object that is a pod, creates pods, or gives them an identity. */
export interface WorkloadKind {
  readonly kind: string
  /** The path of its API group. */
  readonly group: string
  /** The plural, as in paths. */
  readonly plural: string
  /** The shortest name that kubectl accepts. */
  readonly short: string
}

/** https://kubernetes.io/docs/reference/kubectl/#resource-types */
const kinds: readonly WorkloadKind[] = [
  { kind: 'Pod', group: '/api/v1', plural: 'pods', short: 'po' },
  { kind: 'ServiceAccount', group: '/api/v1', plural: 'serviceaccounts', short: 'sa' },
  { kind: 'Deployment', group: '/apis/apps/v1', plural: 'deployments', short: 'deploy' },
  { kind: 'StatefulSet', group: '/apis/apps/v1', plural: 'statefulsets', short: 'sts' },
  { kind: 'DaemonSet', group: '/apis/apps/v1', plural: 'daemonsets', short: 'ds' },
  { kind: 'ReplicaSet', group: '/apis/apps/v1', plural: 'replicasets', short: 'rs' },
  { kind: 'Job', group: '/apis/batch/v1', plural: 'jobs', short: 'job' },
  { kind: 'CronJob', group: '/apis/batch/v1', plural: 'cronjobs', short: 'cj' }
]

/** The kinds that commands accept, for messages. */
export const workloadKindNames: readonly string[] = kinds.map(({ kind }) => kind.toLowerCase())

/**
 * The kind that a user means: its name, plural or short name in any case, with or without the API group, as
 * kubectl accepts it (`deploy`, `deployments.apps`). Undefined for any other kind.
 */
export function parseWorkloadKind(text: string): WorkloadKind | undefined {
  const [name = ''] = text.toLowerCase().split('.', 1)

  return kinds.find(
    ({ kind, plural, short }) => name === kind.toLowerCase() || name === plural || name === short
  )
}

/** The kind of an object that was read; undefined if it is none of these. */
export const workloadKindOf = (kind: string): WorkloadKind | undefined =>
  kinds.find((known) => known.kind === kind)

/** The path of an object of such a kind. The namespace and name must be valid. */
export const workloadPath = ({ group, plural }: WorkloadKind, namespace: string, name: string): string =>
  `${group}/namespaces/${namespace}/${plural}/${name}`

/** The kinds whose pods `kubectl rollout restart` replaces. */
export const restartable: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])

/** The command that replaces the pods of a workload of a `restartable` kind. */
export const rolloutRestart = (
  kubectl: string,
  { kind, namespace, name }: { readonly kind: string; readonly namespace: string; readonly name: string }
): string =>
  `${kubectl} rollout restart ${kind.toLowerCase()}/${shellQuote(name)} -n ${shellQuote(namespace)}`
