import type { Neighbours, Sources } from '../../facts/facts.js'
import { known, moot, unknown } from '../../model/fact.js'
import { type NamespaceSettings, parseNamespaceSettings } from '../../model/namespace.js'
import { nameOf, podsOf, type Subject } from '../../model/subject.js'
import { isRecord, recordOf, textOf } from '../../text/record.js'
import { buildObjectWebhooks } from './object-webhooks.js'

/** Facts that the given objects provide about each other. */
export type ObjectSources = Pick<Sources, 'clusterCa'> &
  Required<
    Pick<
      { [S in keyof Sources]: NonNullable<Sources[S]> },
      'accounts' | 'namespaces' | 'neighbours' | 'webhooks'
    >
  >

/**
 * Lets objects that were given together see each other. A service account among them is known; one that is
 * not among them is unknown, never missing: a chart may leave it to others. A namespace that is not among
 * them sets no rules, as most namespaces do not. `objects` are all of them, also those that no rule looks at;
 * `namespace` is that of objects that name none.
 */
export function buildObjectSources(
  subjects: readonly Subject[],
  objects: readonly unknown[],
  namespace?: string
): ObjectSources {
  const namespaces = namespacesAmong(objects)
  const annotations = new Map<string, Readonly<Record<string, unknown>>>()
  const runners = new Map<string, string[]>()
  for (const subject of subjects) {
    if (subject.kind === 'ServiceAccount') {
      annotations.set(`${subject.namespace}/${subject.name}`, subject.annotations)
      continue
    }
    if (!('pod' in subject)) continue
    for (const account of new Set(podsOf(subject).map(({ serviceAccountName }) => serviceAccountName))) {
      const key = `${subject.namespace}/${account}`
      const names = runners.get(key)
      if (names === undefined) runners.set(key, [nameOf(subject)])
      else names.push(nameOf(subject))
    }
  }

  return {
    clusterCa: clusterCaAmong(objects),
    webhooks: buildObjectWebhooks(subjects, objects, namespace),
    namespaces: {
      readNamespace: (name) => {
        const found = namespaces.get(name)

        return found === undefined ? moot(`namespace ${name} is not among the files`) : known(found)
      }
    },
    accounts: {
      readAccount: (namespace, name) => {
        const found = annotations.get(`${namespace}/${name}`)

        return found === undefined
          ? unknown(`service account ${namespace}/${name} is not among the files`)
          : known({ exists: true, annotations: found })
      }
    },
    neighbours: {
      neighboursOf: (namespace, name) => {
        const neighbours: Neighbours = {
          asAccount: runners.get(`${namespace}/${name}`) ?? [],
          asDefault: runners.get(`${namespace}/default`) ?? []
        }

        return known(neighbours)
      }
    }
  }
}

function namespacesAmong(objects: readonly unknown[]): ReadonlyMap<string, NamespaceSettings> {
  const namespaces = new Map<string, NamespaceSettings>()
  for (const object of objects) {
    if (!isRecord(object) || object['kind'] !== 'Namespace' || object['apiVersion'] !== 'v1') continue
    const name = textOf(recordOf(object['metadata'])['name'])
    if (name !== undefined) namespaces.set(name, parseNamespaceSettings(object))
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
