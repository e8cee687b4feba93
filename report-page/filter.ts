import type { Shown } from '../src/output/html/card.js'
import { nothing } from '../src/output/html/filters.js'
import { nameOf, type PageCause, type PageObject, type PageRule } from '../src/output/html/page.js'

/** What the reader wants to see. An empty string does not restrict anything. */
export interface Filter {
  readonly text: string
  readonly severities: readonly string[]
  readonly rule: string
  readonly namespace: string
  readonly cluster: string
  /** The ID of a cause, from a link to it. */
  readonly cause: string
}

export const allSeverities: readonly string[] = ['error', 'warning', 'info']

export const noFilter: Filter = {
  text: '',
  severities: allSeverities,
  rule: '',
  namespace: '',
  cluster: '',
  cause: ''
}

/** Reads the fragment of a URL. Returns undefined if it is a place on the page and not a filter. */
export function parseHash(hash: string): Filter | undefined {
  const fragment = hash.replace(/^#/, '')
  if (fragment !== '' && !fragment.includes('=')) return undefined
  const values = new URLSearchParams(fragment)
  const valueOf = (name: string): string => values.get(name) ?? ''
  const severities = valueOf('severity')
    .split(',')
    .filter((severity) => allSeverities.includes(severity))

  return {
    text: valueOf('text'),
    severities: values.has('severity') ? severities : allSeverities,
    rule: valueOf('rule'),
    namespace: valueOf('namespace'),
    cluster: valueOf('cluster'),
    cause: valueOf('cause')
  }
}

/** The fragment of a URL that restores a filter; empty if nothing is filtered. */
export function hashOf(filter: Filter): string {
  const values = new URLSearchParams()
  for (const name of ['text', 'rule', 'namespace', 'cluster', 'cause'] as const)
    if (filter[name] !== '') values.set(name, filter[name])
  if (filter.severities.length < allSeverities.length) values.set('severity', filter.severities.join(','))

  return values.toString()
}

/** The causes that match a filter, each with those of its objects that match. */
export function matchesOf(
  causes: readonly PageCause[],
  rules: Readonly<Record<string, PageRule>>,
  filter: Filter
): Shown[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)

  return causes.flatMap((cause): Shown[] => {
    if (filter.cause !== '' && cause.id !== filter.cause) return []
    if (filter.rule !== '' && cause.rule !== filter.rule) return []
    if (!filter.severities.includes(cause.severity)) return []
    const open = words.filter((word) => !textOf(cause, rules[cause.rule]).includes(word))
    const objects = cause.objects.filter(
      (object) =>
        isIn(object.namespace, filter.namespace) &&
        isIn(object.cluster, filter.cluster) &&
        open.every((word) => textOfObject(object).includes(word))
    )

    return objects.length === 0 ? [] : [{ cause, objects }]
  })
}

const isIn = (name: string | undefined, wanted: string): boolean =>
  wanted === '' || (name ?? nothing) === wanted

/** The lower-case text of each cause and object that was searched, so that typing stays quick. */
const texts = new WeakMap<PageCause | PageObject, string>()

function remembered<T extends PageCause | PageObject>(entry: T, partsOf: (entry: T) => unknown[]): string {
  const known = texts.get(entry)
  if (known !== undefined) return known
  const text = partsOf(entry).join('\n').toLowerCase()
  texts.set(entry, text)

  return text
}

const textOf = (cause: PageCause, rule: PageRule | undefined): string =>
  remembered(cause, ({ message, fix, waived, fields = [] }) => [
    cause.rule,
    rule?.title,
    message,
    fix,
    waived,
    ...fields
  ])

const textOfObject = (object: PageObject): string =>
  remembered(object, ({ kind, cluster, place, fields = [], message, fix }) => [
    kind,
    nameOf(object),
    cluster,
    place,
    ...fields,
    message,
    fix
  ])
