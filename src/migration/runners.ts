import { containersToMutate, credentialsOf } from '../identity-webhook/credentials.js'
import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import { ownerOf } from '../model/kubernetes-object.js'
import { podsOf, type PodSubject, type Subject, type WorkloadSubject } from '../model/subject.js'
import { restartable } from '../model/workload-kind.js'
import { recordOf } from '../text/record.js'

/** An object, and the subjects in it that rules judge. */
export interface ParsedObject {
  readonly object: unknown
  readonly subjects: readonly Subject[]
}

/** What creates the pods of a service account: a workload, or a pod that nothing else created. */
export interface Runner {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** Undefined if the object itself was not given. */
  readonly object: Readonly<Record<string, unknown>> | undefined
  /** The pods that it will create, template by template. */
  readonly templates: readonly (PodSubject | WorkloadSubject)[]
  /** Its pods that are in the cluster, if the given objects include them. */
  readonly pods: readonly RunningPod[]
}

export interface RunningPod {
  readonly subject: PodSubject
  /** Whether it has finished, or is being deleted. */
  readonly isOver: boolean
}

/** The name of a runner in a sentence, such as `deployment shop/cart`. */
export const runnerName = ({ kind, namespace, name }: Runner): string =>
  `${kind.toLowerCase()} ${namespace}/${name}`

/** The runners of each service account, by `namespace/name`. */
export function runnersByAccount(parsed: readonly ParsedObject[]): ReadonlyMap<string, readonly Runner[]> {
  const objects = new Map(parsed.map(({ object }) => [keyOf(recordOf(object)), recordOf(object)]))
  const runners = new Map<string, Map<string, Mutable<Runner>>>()
  for (const { object, subjects } of parsed)
    for (const subject of subjects) if ('pod' in subject) add(recordOf(object), subject)

  return new Map([...runners].map(([account, each]) => [account, [...each.values()]]))

  function add(object: Readonly<Record<string, unknown>>, subject: PodSubject | WorkloadSubject): void {
    const top = topOf(object, subject, objects)
    const isOwned = top.object !== object
    for (const pod of podsOf(subject)) {
      const account = accountKey(subject.namespace, pod.serviceAccountName)
      const runner = runnerOf(account, top)
      if (subject.kind === 'Pod' && subject.stage !== 'source')
        runner.pods.push({ subject, isOver: isOver(object) })
      // A ReplicaSet's template may be outdated: its Deployment may have a newer one.
      else if (!isOwned || top.object === undefined) runner.templates.push({ ...subject, pod })
    }
  }

  function runnerOf(account: string, top: Top): Mutable<Runner> {
    const ofAccount = runners.get(account) ?? new Map<string, Mutable<Runner>>()
    runners.set(account, ofAccount)
    const key = JSON.stringify([top.kind, top.namespace, top.name])
    const runner = ofAccount.get(key) ?? { ...top, templates: [], pods: [] }
    ofAccount.set(key, runner)

    return runner
  }
}

export const accountKey = (namespace: string, name: string): string => `${namespace}/${name}`

/**
 * Whether all running pods of a runner already use the EKS Pod Identity Agent, so that none of them needs to
 * be replaced.
 */
export function hasMoved(
  { pods }: Runner,
  settings: IdentityWebhookSettings,
  { isComplete }: { readonly isComplete: boolean }
): boolean {
  const running = pods.filter(({ isOver }) => !isOver)

  // Pods that do not exist yet will be created after the association.
  return running.length === 0 ? isComplete : running.every(({ subject }) => usesAgent(subject, settings))
}

const usesAgent = ({ pod }: PodSubject, settings: IdentityWebhookSettings): boolean =>
  containersToMutate(pod, settings).every((container) => {
    const credentials = credentialsOf(pod, container, settings)

    return credentials.kind === 'endpoint' && credentials.isPodIdentity
  })

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }
type Top = Pick<Runner, 'kind' | 'namespace' | 'name' | 'object'>

/** Built-in chains are short (CronJob → Job → pod), so a longer chain is taken to be a cycle. */
const maxOwners = 10

/**
 * The first owner that can be restarted, otherwise the topmost owner, whether or not its object was given.
 */
function topOf(
  object: Readonly<Record<string, unknown>>,
  { namespace, name, ...subject }: PodSubject | WorkloadSubject,
  objects: ReadonlyMap<string, Readonly<Record<string, unknown>>>
): Top {
  let top: Top = {
    kind: subject.kind === 'Workload' ? subject.resource : 'Pod',
    namespace,
    name,
    object
  }
  for (let depth = 0; depth < maxOwners && top.object !== undefined; depth++) {
    const owner = restartable.has(top.kind) ? undefined : ownerOf(top.object)
    if (owner === undefined) return top
    const inNamespace = recordOf(top.object['metadata'])['namespace']
    const found = objects.get(
      keyOf({ kind: owner.kind, metadata: { name: owner.name, namespace: inNamespace } })
    )
    top = { kind: owner.kind, namespace, name: owner.name, object: found }
  }

  return top
}

function keyOf({ kind, metadata }: Readonly<Record<string, unknown>>): string {
  const { namespace, name } = recordOf(metadata)

  return JSON.stringify([kind, namespace, name])
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase */
function isOver({ metadata, status }: Readonly<Record<string, unknown>>): boolean {
  const { phase } = recordOf(status)

  return phase === 'Succeeded' || phase === 'Failed' || recordOf(metadata)['deletionTimestamp'] !== undefined
}
