import type { Severity } from './finding.js'
import type { PodSubject } from './subject.js'

/**
 * How severe a failed mutation is at admission: an error only for a new pod in a namespace that asks for it.
 * Pods that a node or the cluster needs are never denied: they must come up exactly while the identity
 * webhook is down.
 */
export function failedMutationSeverity(subject: PodSubject, podsEnforced: boolean): Severity {
  const isNew = subject.oldAnnotations === undefined
  const isSystem =
    subject.namespace === 'kube-system' || subject.pod.priorityClassName?.startsWith('system-') === true

  return podsEnforced && isNew && !isSystem ? 'error' : 'warning'
}
