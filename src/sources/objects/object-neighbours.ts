import type { Neighbours, NeighbourSource } from '../../facts/facts.js'
import { ownRolesOf } from '../../identity-webhook/own-identity.js'
import { isCustomResource, namedIn } from '../../model/custom-resource.js'
import { known } from '../../model/fact.js'
import { nameOf, namespacedName, podsOf, type Subject } from '../../model/subject.js'
import { buildClosest } from '../../text/closest.js'
import { memoizeEach } from '../../text/memoize.js'
import { recordOf, textOf } from '../../text/record.js'

const anyNamespace = '*'

/** Looks up which of the given objects refer to a service account. */
export function buildNeighbours(subjects: readonly Subject[], objects: readonly unknown[]): NeighbourSource {
  const accounts = new Set<string>()
  const runners = new Map<string, string[]>()
  const ownRoles = new Map<string, (string | undefined)[]>()
  // An operator often also creates the service account of its pods, so an account that a custom resource
  // names is not treated as a typo.
  const kindsOfOperators = new Set(
    objects
      .map(recordOf)
      .filter(isCustomResource)
      .map(({ kind }) => kind)
  )
  const ofOperators = new Set<string>()
  for (const subject of subjects) {
    if (subject.kind === 'ServiceAccount') accounts.add(`${subject.namespace}/${subject.name}`)
    if (!('pod' in subject)) continue
    const keys = new Set<string>()
    for (const pod of podsOf(subject)) {
      const key = `${subject.namespace}/${pod.serviceAccountName}`
      keys.add(key)
      for (const role of ownRolesOf(pod)) listAt(ownRoles, key).push(role)
    }
    for (const key of keys) {
      listAt(runners, key).push(nameOf(subject))
      if (subject.kind === 'Workload' && kindsOfOperators.has(subject.resource)) ofOperators.add(key)
    }
  }

  const users = new Map<string, string[]>()
  const mentions = new Map<string, string[]>()
  const names = new Set([...accounts].map((key) => key.slice(key.indexOf('/') + 1)))
  for (const each of objects) {
    const object = recordOf(each)
    const own = textOf(recordOf(object['metadata'])['namespace']) ?? anyNamespace // it may be cluster-scoped
    if (isCustomResource(object)) {
      const named = namedIn(object)
      for (const account of named.accounts) {
        const key = `${account.namespace ?? own}/${account.name}`
        listAt(users, key).push(kindAndName(object))
        listAt(ownRoles, key).push(...named.roles)
      }
    }
    for (const word of wordsOf(dataOf(object)))
      if (names.has(word)) listAt(mentions, word).push(kindAndName(object))
  }
  const nearMissOf = buildNearMisses(runners, new Set([...accounts, ...ofOperators]))

  return {
    neighboursOf: (namespace, name) => {
      const key = `${namespace}/${name}`
      const asAccount = [
        ...(runners.get(key) ?? []),
        ...(users.get(key) ?? []),
        ...(users.get(`${anyNamespace}/${name}`) ?? []),
        ...(mentions.get(name) ?? [])
      ]
      const nearMiss = asAccount.length > 0 ? undefined : nearMissOf(namespace, name)
      const neighbours: Neighbours = {
        asAccount,
        asDefault: runners.get(`${namespace}/default`) ?? [],
        ownRoles: new Set([...(ownRoles.get(key) ?? []), ...(ownRoles.get(`${anyNamespace}/${name}`) ?? [])]),
        ...(nearMiss && { nearMiss })
      }

      return known(neighbours)
    }
  }
}

function listAt<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)

  return list
}

const kindAndName = (object: Readonly<Record<string, unknown>>): string =>
  `${textOf(object['kind'])?.toLowerCase() ?? ''} ${textOf(recordOf(object['metadata'])['name']) ?? ''}`

/**
 * The values in a ConfigMap or Secret, which can name the service account of pods that an application
 * creates.
 */
function dataOf(object: Readonly<Record<string, unknown>>): string {
  if (object['apiVersion'] !== 'v1') return ''
  const { kind, data, stringData } = object
  const values = [...Object.values(recordOf(data)), ...Object.values(recordOf(stringData))].filter(
    (value) => typeof value === 'string'
  )
  if (kind === 'ConfigMap') return values.join('\n')

  return kind === 'Secret'
    ? [...values, ...values.map((value) => Buffer.from(value, 'base64').toString())].join('\n')
    : ''
}

/** The words in a string that could be names of objects, each once. */
const wordsOf = (text: string): ReadonlySet<string> =>
  new Set((text.match(/[A-Za-z0-9.-]+/g) ?? []).map((word) => word.replace(/\.$/, '')))

/**
 * Finds the workload that was probably meant to run as a service account. Accounts that workloads name but that
 * no given object defines are indexed once.
 */
function buildNearMisses(
  runners: ReadonlyMap<string, readonly string[]>,
  existing: ReadonlySet<string>
): (namespace: string, name: string) => Neighbours['nearMiss'] {
  const byName = new Map<string, string[]>()
  const byNamespace = new Map<string, string[]>()
  for (const key of runners.keys()) {
    const [namespace = '', name = ''] = key.split('/')
    if (name === 'default' || existing.has(key)) continue
    listAt(byName, name).push(namespace)
    listAt(byNamespace, namespace).push(name)
  }
  const closestIn = memoizeEach((namespace: string) => buildClosest(byNamespace.get(namespace) ?? []))
  const missOf = (namespace: string, name: string): Neighbours['nearMiss'] => {
    const [workload] = runners.get(`${namespace}/${name}`) ?? []

    return workload === undefined ? undefined : { workload, account: namespacedName(namespace, name) }
  }

  return (namespace, name) => {
    const [elsewhere] = byName.get(name) ?? []
    if (elsewhere !== undefined) return missOf(elsewhere, name)
    // Short names are often similar by coincidence.
    const similar = name.length < 5 ? undefined : closestIn(namespace)(name)

    return similar === undefined ? undefined : missOf(namespace, similar)
  }
}
