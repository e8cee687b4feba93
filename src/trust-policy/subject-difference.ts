import { matchesPattern, parsePattern } from '../text/glob.js'

/**
 * The difference between a subject and the nearest required one, and their distance, from 0 (spelling) to 3.
 */
export interface SubjectDifference {
  readonly nearest: string | undefined
  readonly difference: string | undefined
  readonly distance: number
}

/**
 * Compares `system:serviceaccount:<namespace>:<name>` with the subjects (or, with `like`, the patterns) that
 * a condition requires.
 */
export function subjectDifference(
  wanted: readonly string[],
  actual: string,
  like: boolean
): SubjectDifference {
  const [, namespace = '', name = ''] = subject.exec(actual) ?? []
  let nearest: SubjectDifference = { nearest: undefined, difference: undefined, distance: 4 }
  for (const value of wanted) {
    const [distance, difference] = differenceOf(value, { actual, namespace, name }, like)
    if (distance < nearest.distance) nearest = { nearest: value, difference, distance }
  }
  return nearest
}

const subject = /^system:serviceaccount:([^:]*):([^:]*)$/

type Actual = Readonly<Record<'actual' | 'namespace' | 'name', string>>

function differenceOf(
  value: string,
  { actual, namespace, name }: Actual,
  like: boolean
): readonly [number, string] {
  if (value.trim() === actual) return [0, 'it has leading or trailing spaces']
  if (value.toLowerCase() === actual.toLowerCase()) return [0, 'the capitalization differs']
  const [, wantedNamespace, wantedName] = subject.exec(value) ?? []
  if (wantedNamespace === undefined || wantedName === undefined) {
    const isClose = value.endsWith(`${namespace}:${name}`) || value.endsWith(`${namespace}/${name}`)
    return [isClose ? 0.5 : 2.5, 'it is not of the form system:serviceaccount:<namespace>:<name>']
  }
  const same = (pattern: string, text: string): boolean =>
    like ? matchesPattern(parsePattern(pattern), text) : pattern === text
  if (same(wantedNamespace, name) && same(wantedName, namespace))
    return [0.5, 'namespace and name are swapped']
  if (same(wantedName, name)) return [1, 'the namespace differs']
  if (same(wantedNamespace, namespace)) return [1.5, 'the name differs']

  return [3, 'namespace and name differ']
}
