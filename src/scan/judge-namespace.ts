import type { PodInSight, Sources } from '../facts/facts.js'
import { exclusionsOf } from '../identity-webhook/coverage.js'
import type { KubeObject } from '../kube/read.js'
import { noDeadline } from '../model/deadline.js'
import type { RuleSettings } from '../model/rule-settings.js'
import { identityWebhooksOf } from '../model/webhook-configuration.js'
import type { ObjectVerdict } from '../output/report.js'
import { reviewObjects, subjectsOf } from '../review-objects.js'
import { withoutMisses } from '../sources/cluster/live-sources.js'
import { verdictsOf } from './verdicts.js'

/** What a scan of one namespace knows besides the objects in the namespace. */
export interface NamespaceContext extends RuleSettings {
  /** Sources of facts besides the objects. They must cover service accounts and namespaces. */
  readonly sources: Sources
  /** Whether all service accounts, workloads and pods of the namespace are among the objects. */
  readonly isWhole: boolean
  /** Selects the pods to return, for rules about webhook configurations. */
  readonly isExcluded: (pod: PodInSight) => boolean
  readonly at: Date
}

/** The verdicts on the objects of one namespace. */
export interface JudgedNamespace {
  readonly verdicts: readonly ObjectVerdict[]
  /** The number of objects whose kind is judged, and the number of these with nothing to report. */
  readonly judged: number
  readonly passed: number
  /** The pods and pod templates in the namespace for which `isExcluded` is true. */
  readonly pods: readonly PodInSight[]
}

/**
 * Judges the objects in one namespace with the rules of `scan`. A scan of the whole cluster has the same
 * result: no rule about a live object depends on objects in another namespace, except for those in `sources`.
 */
export async function judgeNamespace(
  objects: readonly KubeObject[],
  { sources, isWhole, isExcluded, ...settings }: NamespaceContext
): Promise<JudgedNamespace> {
  let pods: readonly PodInSight[] = []
  const reviews = await reviewObjects(objects, {
    ...settings,
    namespace: undefined,
    deadline: noDeadline,
    sourcesWith: (together) => {
      pods = together.pods.filter(isExcluded)

      return { ...together, ...sources, neighbours: isWhole ? withoutMisses(together) : undefined }
    }
  })
  const judged = reviews.filter(({ subject }) => subject !== undefined)

  return {
    verdicts: verdictsOf(objects, reviews),
    judged: judged.length,
    passed: judged.filter(({ findings, unchecked }) => findings.length + unchecked.length === 0).length,
    pods
  }
}

/** Builds a function that tells whether an identity webhook in the configurations is known to exclude a pod. */
export function exclusionAmong(configurations: readonly unknown[]): NamespaceContext['isExcluded'] {
  const exclusions = configurations
    .flatMap((configuration) => subjectsOf(configuration, undefined))
    .flatMap((subject) => ('webhooks' in subject ? identityWebhooksOf(subject) : []))
    .flatMap(exclusionsOf)

  return (pod) => exclusions.some((exclusion) => exclusion.covers(pod))
}
