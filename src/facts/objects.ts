import { known, unknown } from '../model/fact.js'
import { nameOf, type Subject } from '../model/subject.js'
import type { Neighbours, Sources } from './facts.js'

/**
 * Lets objects that were given together see each other. A service account among them is known; one that is not among them is unknown,
 * never missing: a chart may leave it to others.
 */
export function buildObjectSources(subjects: readonly Subject[]): Pick<Sources, 'accounts' | 'neighbours'> {
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
