import { known, unknown } from '../model/fact.js'
import { nameOf, type Subject } from '../model/subject.js'
import { isRecord, recordOf } from '../model/record.js'
import type { Neighbours, Sources } from './facts.js'
import { buildObjectWebhooks } from './object-webhooks.js'

/**
 * Lets objects that were given together see each other. A service account among them is known; one that is not among them is unknown,
 * never missing: a chart may leave it to others. `objects` are all of them, also those that no rule looks at; `namespace` is that of
 * objects that name none.
 */
export function buildObjectSources(
  subjects: readonly Subject[],
  objects: readonly unknown[] = [],
  namespace?: string
): Pick<Sources, 'accounts' | 'neighbours' | 'webhooks' | 'clusterCa'> {
  const annotations = new Map<string, Readonly<Record<string, unknown>>>()
  const runners = new Map<string, string[]>()
  for (const subject of subjects) {
    if (subject.kind === 'ServiceAccount') {
      annotations.set(`${subject.namespace}/${subject.name}`, subject.annotations)
      continue
    }
    if (!('pod' in subject)) continue
    const key = `${subject.namespace}/${subject.pod.serviceAccountName}`
    const names = runners.get(key)
    if (names === undefined) runners.set(key, [nameOf(subject)])
    else names.push(nameOf(subject))
  }

  return {
    clusterCa: clusterCaOf(objects),
    webhooks: buildObjectWebhooks(subjects, objects, namespace),
    accounts: {
      readAccount: async (namespace, name) => {
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

/**
 * The cluster's CA from the ConfigMap that kube-controller-manager publishes in every namespace. Files of several clusters hold several;
 * then nobody knows which one is meant.
 */
function clusterCaOf(objects: readonly unknown[]): string | undefined {
  const texts = new Set(
    objects
      .filter(isRecord)
      .filter(({ kind, metadata }) => kind === 'ConfigMap' && recordOf(metadata)['name'] === 'kube-root-ca.crt')
      .map(({ data }) => recordOf(data)['ca.crt'])
      .filter((text) => typeof text === 'string')
  )

  return texts.size === 1 ? [...texts][0] : undefined
}
