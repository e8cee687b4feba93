import { isRecord, listOf, recordOf, textOf } from '../text/record.js'
import type { LiveObject } from './check.js'

/** The namespace of manifests/. */
export const shippedNamespace = 'irsa-guard'

const userPrefix = 'system:serviceaccount:'

/** The objects of manifests/, as if they were installed in another namespace. */
export function shippedIn(objects: readonly LiveObject[], namespace: string): readonly LiveObject[] {
  const moved = (value: unknown, key: string, parent: LiveObject): unknown => {
    if (Array.isArray(value)) return value.map((one) => moved(one, key, parent))
    if (isRecord(value))
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, moved(one, name, value)]))
    if (typeof value !== 'string') return value
    const isNamespace =
      key === 'namespace' || (key === 'values' && parent['key'] === 'kubernetes.io/metadata.name')

    return isNamespace && value === shippedNamespace
      ? namespace
      : value.replaceAll(`${userPrefix}${shippedNamespace}:`, `${userPrefix}${namespace}:`)
  }

  return objects.map((object) => {
    const copy = recordOf(moved(object, '', {}))
    return copy['kind'] === 'Namespace' && nameOf(copy) === shippedNamespace
      ? { ...copy, metadata: { ...recordOf(copy['metadata']), name: namespace } }
      : copy
  })
}

export const nameOf = (object: LiveObject): string => textOf(recordOf(object['metadata'])['name']) ?? ''

export const namespaceOf = (object: LiveObject): string | undefined =>
  textOf(recordOf(object['metadata'])['namespace'])

export const kindOf = (object: LiveObject): string => textOf(object['kind']) ?? ''

/** The shipped objects of a kind. */
export const shippedOfKind = (objects: readonly LiveObject[], kind: string): readonly LiveObject[] =>
  objects.filter((object) => kindOf(object) === kind)

/** The shipped object of this kind and name; an empty object if there is none. */
export const shippedObject = (objects: readonly LiveObject[], kind: string, name: string): LiveObject =>
  shippedOfKind(objects, kind).find((object) => nameOf(object) === name) ?? {}

/** The names and the path that the API server uses for a collection of objects. */
export interface Collection {
  readonly group: string
  readonly resource: string
  /** The path of the collection, within the object's namespace if it has one. */
  readonly path: string
}

/** The collection of a shipped object. All kinds in manifests/ have regular plurals. */
export function collectionOf(object: LiveObject): Collection {
  const apiVersion = textOf(object['apiVersion']) ?? ''
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
  const singular = kindOf(object).toLowerCase()
  const resource = singular.endsWith('y')
    ? singular.replace(/y$/, 'ies')
    : `${singular}${singular.endsWith('s') ? 'es' : 's'}`
  const namespace = namespaceOf(object)
  const within = namespace === undefined ? '' : `/namespaces/${namespace}`

  return { group, resource, path: `/${group === '' ? 'api' : 'apis'}/${apiVersion}${within}/${resource}` }
}

/** Kind and name, such as `Deployment irsa-guard/irsa-guard-serve`. */
export function titleOf(object: LiveObject): string {
  const namespace = namespaceOf(object)

  return `${kindOf(object)} ${namespace === undefined ? '' : `${namespace}/`}${nameOf(object)}`
}

/**
 * The paths at which a live value differs from the shipped one. The API server adds defaults, so keys that are
 * not shipped are ignored. A list must have the same length, however, and an object that is shipped empty must be
 * empty.
 */
export function differencesOf(shipped: unknown, live: unknown, path: string): readonly string[] {
  if (Array.isArray(shipped)) {
    const found = listOf(live)
    return shipped.length === found.length
      ? shipped.flatMap((one, index) => differencesOf(one, found[index], `${path}[${index}]`))
      : [path]
  }
  if (isRecord(shipped)) {
    const found = recordOf(live)
    const entries = Object.entries(shipped)
    if (entries.length === 0) return Object.keys(found).length === 0 ? [] : [path]

    return entries.flatMap(([key, one]) => differencesOf(one, found[key], `${path}.${key}`))
  }

  return unfolded(shipped) === unfolded(live) ? [] : [path]
}

/**
 * Replaces each run of white space in a string with one space, because tools that render YAML wrap long
 * expressions differently.
 */
const unfolded = (value: unknown): unknown =>
  typeof value === 'string' ? value.split(/\s+/).join(' ') : value

/** The version in an image's tag; undefined if the tag is not a version. */
export function imageVersionOf(image: string): string | undefined {
  const [, tag = ''] = (image.split('@')[0]?.split('/').at(-1) ?? '').split(':')

  return /^v?(\d+\.\d+\.\d.*)$/.exec(tag)?.[1]
}
