import { restartable, rolloutRestart } from '../../model/workload-kind.js'
import { formatTime } from '../../x509/time.js'
import type { Appended, JudgedRow, PreflightFix, PreflightRow } from './row.js'
import type { RunningPod } from './running-pod.js'

// The kubelet updates mounted ConfigMaps within its sync period (1 min) plus the delay of its cache:
// https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically
const renewal = 120_000

/**
 * Judges pods that started before the newest CA was handed out, one row for each workload. Programs that read
 * the CA file only once do not notice the new CA. client-go rereads the file only in version 0.36 and later:
 * https://github.com/kubernetes/kubernetes/issues/119483
 */
export function judgePods(
  pods: readonly RunningPod[],
  { at, source }: Appended,
  kubectl: string
): JudgedRow[] {
  const old = pods.filter((pod) => pod.cas !== 'none' && isOlder(pod, at.getTime()))
  const rows = byRunner(old).flatMap((group): JudgedRow[] => {
    const [first] = group
    if (first === undefined) return []
    const { runner } = first
    const count = `${group.length} ${group.length === 1 ? 'pod' : 'pods'}`
    const hasCopy = group.some(({ cas }) => cas === 'copy')
    const name = runnerName(runner)
    const row: PreflightRow = {
      subject: 'pods',
      name,
      state: hasCopy ? 'lacks' : 'unknown',
      message: `${count} started before ${formatTime(at.getTime())} (${source}); ${hasCopy ? 'the CA file is copied into a variable or mounted with subPath, so it is never renewed' : 'the CA file has been renewed since, but a program that read it only once does not trust the new CA'}`
    }

    return [{ row, fix: restartOf(name, runner, kubectl) }]
  })
  if (rows.length > 0) return rows
  const row: PreflightRow = {
    subject: 'pods',
    name: 'running pods',
    state: 'ok',
    message: `all pods that trust the cluster CA started after ${formatTime(at.getTime())} (${source})`
  }

  return [{ row }]
}

function isOlder({ startedAt, oldestContainer, cas }: RunningPod, appended: number): boolean {
  if (startedAt >= appended) return false

  return cas === 'copy' || oldestContainer === undefined || oldestContainer < appended + renewal
}

/** How to replace the pods of a workload. `name` is the name of the workload, for messages. */
export function restartOf(name: string, runner: RunningPod['runner'], kubectl: string): PreflightFix {
  if (restartable.has(runner.kind) && runner.isOnDelete !== true)
    return { step: 'pods', command: rolloutRestart(kubectl, runner) }
  if (runner.kind === 'Pod') return { step: 'pods', advice: `${name}: delete it and create it again` }
  if (runner.kind === 'Job') return { step: 'pods', advice: `${name}: let it finish` }

  return { step: 'pods', advice: `${name}: delete its pods one after the other` }
}

/** The name of a workload, for messages, such as `Deployment shop/cart`. */
export const runnerName = ({ kind, namespace, name }: RunningPod['runner']): string =>
  `${kind} ${namespace}/${name}`

/** Pods by their workload. */
export const byRunner = <T extends { readonly runner: RunningPod['runner'] }>(pods: readonly T[]): T[][] => [
  ...Map.groupBy(pods, ({ runner }) => runnerName(runner)).values()
]
