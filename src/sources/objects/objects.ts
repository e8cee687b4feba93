import type { Neighbours, PodInSight, Sources } from '../../facts/facts.js'
import { ownRolesOf } from '../../identity-webhook/own-identity.js'
import { known, moot, unknown } from '../../model/fact.js'
import { type NamespaceSettings, parseNamespaceSettings } from '../../model/namespace.js'
import { nameOf, namespacedName, namespaceNotGiven, podsOf, type Subject } from '../../model/subject.js'
import { closestTo } from '../../text/escape.js'
import { isRecord, recordOf, textOf } from '../../text/record.js'
import { dataKeysAmong } from './data-keys.js'
import { identityWebhookAmong } from './object-identity-webhook.js'
import { buildObjectWebhooks } from './object-webhooks.js'

/** Facts that the given objects provide about each other. */
export type ObjectSources = Pick<Sources, 'clusterCa' | 'identityWebhook'> &
  Required<
    Pick<
      { [S in keyof Sources]: NonNullable<Sources[S]> },
      'accounts' | 'dataKeys' | 'namespaces' | 'neighbours' | 'pods' | 'webhooks'
    >
  >

/**
 * Lets rules look up the other objects of the same input. A service account in the input is known; any other
 * is unknown, never missing, because a chart may rely on one created elsewhere. A namespace that is not in
 * the input restricts nothing, as most namespaces do not. `objects` contains every object, including those
 * that no rule checks. `namespace` applies to objects that name none.
 */
export function buildObjectSources(
  subjects: readonly Subject[],
  objects: readonly unknown[],
  namespace?: string
): ObjectSources {
  const namespaces = namespacesAmong(objects)
  const annotations = new Map<string, Readonly<Record<string, unknown>>>()
  const runners = new Map<string, string[]>()
  const ownRoles = new Map<string, (string | undefined)[]>()
  const pods: PodInSight[] = []
  for (const subject of subjects) {
    if (subject.kind === 'ServiceAccount') {
      annotations.set(`${subject.namespace}/${subject.name}`, subject.annotations)
      continue
    }
    if (!('pod' in subject)) continue
    for (const pod of podsOf(subject)) {
      const { labels, serviceAccountName } = pod
      const { namespace } = subject
      const namespaceLabels = namespaces.get(namespace)?.labels
      pods.push({ owner: nameOf(subject), namespace, namespaceLabels, labels, serviceAccountName })
      for (const role of ownRolesOf(pod)) addTo(ownRoles, `${namespace}/${serviceAccountName}`, role)
    }
    for (const account of new Set(podsOf(subject).map(({ serviceAccountName }) => serviceAccountName)))
      addTo(runners, `${subject.namespace}/${account}`, nameOf(subject))
  }
  const users = new Map<string, string[]>()
  for (const object of objects) {
    const { metadata } = recordOf(object)
    const own = textOf(recordOf(metadata)['namespace']) ?? namespace ?? ''
    for (const { name, namespace = own } of accountsNamedIn(object))
      addTo(users, `${namespace}/${name}`, kindAndName(object))
  }
  const isAmong = (key: string): boolean => annotations.has(key)
  const nearMissOf = buildNearMisses(runners, isAmong)

  return {
    clusterCa: clusterCaAmong(objects),
    identityWebhook: identityWebhookAmong(objects, namespace),
    dataKeys: dataKeysAmong(objects, namespace),
    pods,
    webhooks: buildObjectWebhooks(subjects, objects, namespace),
    namespaces: {
      readNamespace: (name) => {
        const found = namespaces.get(name)
        if (found !== undefined) return known(found.settings)

        return name === '' && namespaces.size > 0
          ? unknown(namespaceNotGiven)
          : moot(`namespace ${name} is not among the files`)
      }
    },
    accounts: {
      readAccount: (namespace, name) => {
        const found = annotations.get(`${namespace}/${name}`)

        return found === undefined
          ? unknown(`service account ${namespacedName(namespace, name)} is not among the files`)
          : known({ exists: true, annotations: found })
      }
    },
    neighbours: {
      neighboursOf: (namespace, name) => {
        const key = `${namespace}/${name}`
        const nearMiss = nearMissOf(namespace, name)
        const neighbours: Neighbours = {
          asAccount: [...(runners.get(key) ?? []), ...(users.get(key) ?? [])],
          asDefault: runners.get(`${namespace}/default`) ?? [],
          ownRoles: new Set(ownRoles.get(key)),
          ...(nearMiss && { nearMiss })
        }

        return known(neighbours)
      }
    }
  }
}

function addTo<T>(lists: Map<string, T[]>, key: string, name: T): void {
  const names = lists.get(key)
  if (names === undefined) lists.set(key, [name])
  else names.push(name)
}

function kindAndName(object: unknown): string {
  const { kind, metadata } = recordOf(object)

  return `${textOf(kind)?.toLowerCase() ?? ''} ${textOf(recordOf(metadata)['name']) ?? ''}`
}

/**
 * The service accounts that a custom resource names: operators create pods or request tokens for them. The
 * fields are those of External Secrets (`serviceAccountRef`), Argo, Spark, Tekton, Crossplane and others.
 */
function accountsNamedIn(object: unknown): { name: string; namespace?: string }[] {
  const { apiVersion, spec } = recordOf(object)
  if (!textOf(apiVersion)?.split('/', 1)[0]?.includes('.')) return []

  const found: { name: string; namespace?: string }[] = []
  const values: unknown[] = [spec]
  for (let value = values.pop(); value !== undefined || values.length > 0; value = values.pop()) {
    if (typeof value !== 'object' || value === null) continue
    for (const [key, member] of Object.entries(value)) {
      values.push(member)
      if (!/^serviceAccount(?:Name|Ref|Selector)?$/.test(key)) continue
      const text = textOf(isRecord(member) ? member['name'] : member)
      const inNamespace = textOf(recordOf(member)['namespace'])
      if (text !== undefined)
        found.push({ name: text, ...(inNamespace !== undefined && { namespace: inNamespace }) })
    }
  }

  return found
}

/**
 * Finds the workload that was probably meant to run as a service account. The accounts that workloads name
 * and that are not among the objects are indexed once.
 */
function buildNearMisses(
  runners: ReadonlyMap<string, readonly string[]>,
  isAmong: (key: string) => boolean
): (namespace: string, name: string) => Neighbours['nearMiss'] {
  const byName = new Map<string, string[]>()
  const byNamespace = new Map<string, string[]>()
  for (const key of runners.keys()) {
    const [namespace = '', name = ''] = key.split('/')
    if (name === 'default' || isAmong(key)) continue
    addTo(byName, name, namespace)
    addTo(byNamespace, namespace, name)
  }
  const missOf = (namespace: string, name: string): Neighbours['nearMiss'] => {
    const [workload] = runners.get(`${namespace}/${name}`) ?? []

    return workload === undefined ? undefined : { workload, account: namespacedName(namespace, name) }
  }

  return (namespace, name) => {
    const [elsewhere] = byName.get(name) ?? []
    if (elsewhere !== undefined) return missOf(elsewhere, name)
    // Short names are similar by chance.
    const similar = name.length < 5 ? undefined : closestTo(name, byNamespace.get(namespace) ?? [])

    return similar === undefined ? undefined : missOf(namespace, similar)
  }
}

interface GivenNamespace {
  readonly settings: NamespaceSettings
  readonly labels: Readonly<Record<string, unknown>>
}

function namespacesAmong(objects: readonly unknown[]): ReadonlyMap<string, GivenNamespace> {
  const namespaces = new Map<string, GivenNamespace>()
  for (const object of objects) {
    if (!isRecord(object) || object['kind'] !== 'Namespace' || object['apiVersion'] !== 'v1') continue
    const { name, labels } = recordOf(object['metadata'])
    if (typeof name === 'string')
      namespaces.set(name, { settings: parseNamespaceSettings(object), labels: recordOf(labels) })
  }

  return namespaces
}

/**
 * The cluster CA (PEM) from the ConfigMap `kube-root-ca.crt`, which kube-controller-manager publishes in
 * every namespace. Undefined if the objects come from several clusters, because the intended one is unknown
 * then.
 */
function clusterCaAmong(objects: readonly unknown[]): string | undefined {
  const texts = new Set(
    objects
      .filter(isRecord)
      .filter(
        ({ kind, metadata }) => kind === 'ConfigMap' && recordOf(metadata)['name'] === 'kube-root-ca.crt'
      )
      .map(({ data }) => recordOf(data)['ca.crt'])
      .filter((text) => typeof text === 'string')
  )

  return texts.size === 1 ? [...texts][0] : undefined
}
