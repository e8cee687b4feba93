import type { Problem } from '../model/finding.js'
import { podsOf, type Subject } from '../model/subject.js'
import { quote } from '../text/escape.js'
import { annotationField, isRecord } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const annotationNotAString = defineRule({
  id: 'annotation-not-a-string',
  summary:
    'An annotation is a map, a list, a number or a Boolean, so the API server rejects the object; the usual cause is `helm --set`, which splits keys at dots.',
  severity: 'error',
  atAdmission: 'never', // the API server rejects such objects before it calls webhooks
  on: ['ServiceAccount', 'Pod', 'Workload', 'Namespace'],
  needs: ['identityWebhook'],
  concerns: (subject) =>
    mapsOf(subject).some(({ annotations }) => Object.values(annotations).some(isNotAString)),
  check(subject, { identityWebhook: { annotationNames } }) {
    const others = new Set<string>(Object.values(annotationNames)) // role-arn-malformed and companion-annotation-invalid report these

    return mapsOf(subject).flatMap(({ annotations, metadataField }) =>
      Object.entries(annotations)
        .filter(([key, value]) => isNotAString(value) && !others.has(key))
        .map(([key, value]) => problemOf(key, value, annotationField(key, metadataField)))
    )
  }
})

// The API server reads null as an empty string.
const isNotAString = (value: unknown): boolean => typeof value !== 'string' && value !== null

interface AnnotationMap {
  readonly annotations: Readonly<Record<string, unknown>>
  readonly metadataField: string
}

/** The annotations of an object, and those of its pod templates. */
const mapsOf = (subject: Subject): readonly AnnotationMap[] => [
  { annotations: subject.annotations, metadataField: 'metadata' },
  ...(subject.kind === 'Workload' ? podsOf(subject) : [])
]

function problemOf(key: string, value: unknown, field: string): Problem {
  const meant = isRecord(value) ? joinedKey(key, value) : undefined
  if (meant !== undefined) {
    return {
      field,
      message: `annotation ${quote(key)} is a map, but the API server accepts only strings; a tool such as helm --set probably split the key ${quote(meant)} at its dots`,
      fix: `escape the dots, as in --set "…annotations.${meant.replaceAll('.', '\\.')}=…", or write the annotation in a values file`
    }
  }
  const is = isRecord(value)
    ? 'a map'
    : Array.isArray(value)
      ? 'a list'
      : `${JSON.stringify(value)}, a ${typeof value}`

  return {
    field,
    message: `annotation ${quote(key)} is ${is}, but the API server accepts only strings`,
    fix: typeof value === 'object' ? 'write the value as one quoted string' : 'put the value in quotes'
  }
}

/**
 * The key that was split into these maps, such as `eks.amazonaws.com/role-arn`; undefined if the joined key
 * has no slash.
 */
function joinedKey(first: string, map: Readonly<Record<string, unknown>>): string | undefined {
  const parts = [first]
  let rest: unknown = map
  while (isRecord(rest) && parts.length <= maxParts) {
    const [entry] = Object.entries(rest)
    if (entry === undefined) return undefined
    parts.push(entry[0])
    rest = entry[1]
  }
  const key = parts.join('.').replaceAll('\\', '')

  return key.includes('/') ? key : undefined
}

/** In practice, a DNS name has no more parts than this. */
const maxParts = 12
