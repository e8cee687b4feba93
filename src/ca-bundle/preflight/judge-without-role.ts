import { shortList } from '../../text/escape.js'
import { formatTime } from '../../x509/time.js'
import { byRunner, restartOf, runnerName } from './judge-pods.js'
import type { JudgedRow } from './row.js'
import type { RunningPod } from './running-pod.js'

/** Pods that run without the AWS role that their service account requests. */
export interface PodsWithoutRole {
  /** Only pods that were created after this time were examined. */
  readonly since: Date
  readonly pods: readonly { readonly name: string; readonly runner: RunningPod['runner'] }[]
}

/** Judges the pods that were created while the identity webhook could not be called, one row for each workload. */
export function judgeWithoutRole({ since, pods }: PodsWithoutRole, kubectl: string): JudgedRow[] {
  const subject = 'role'
  const time = formatTime(since.getTime())
  const rows = byRunner(pods).flatMap((group): JudgedRow[] => {
    const [first] = group
    if (first === undefined) return []
    const name = runnerName(first.runner)
    const names = shortList(group.map((pod) => pod.name))
    const message = `${names}: created since ${time} without the role of the service account`

    return [{ row: { subject, name, state: 'lacks', message }, fix: restartOf(name, first.runner, kubectl) }]
  })
  const message = `no pod that was created since ${time} lacks the role of its service account`

  return rows.length > 0 ? rows : [{ row: { subject, name: 'pods with a role', state: 'ok', message } }]
}
