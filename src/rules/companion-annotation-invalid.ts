import { type AnnotationName, hasAnnotationNamed } from '../identity-webhook/annotation-names.js'
import { parseGoBool } from '../identity-webhook/command-line.js'
import type { Problem } from '../model/finding.js'
import {
  isMutated,
  type PodSubject,
  type ServiceAccountSubject,
  type WorkloadSubject
} from '../model/subject.js'
import { closestTo } from '../text/closest.js'
import { parseCsvRecord } from '../text/csv.js'
import { quote } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

const ofAccounts = [
  'audience',
  'token-expiration',
  'sts-regional-endpoints'
] as const satisfies readonly AnnotationName[]
const ofPods = ['token-expiration', 'skip-containers'] as const satisfies readonly AnnotationName[]
type Companion = (typeof ofAccounts)[number] | (typeof ofPods)[number]

export const companionAnnotationInvalid = defineRule({
  id: 'companion-annotation-invalid',
  summary: 'An annotation that accompanies the role has a value that is invalid or has no effect.',
  severity: 'warning',
  on: ['ServiceAccount', 'Pod', 'Workload'],
  needs: ['identityWebhook'],
  concerns: (subject) => {
    const annotations = annotationsOf(subject)
    return (subject.kind === 'ServiceAccount' ? ofAccounts : ofPods).some((name) =>
      hasAnnotationNamed(annotations, name)
    )
  },
  check(subject, { identityWebhook: { annotationNames } }) {
    const pod = 'pod' in subject ? subject.pod : undefined

    return (pod === undefined ? ofAccounts : ofPods).flatMap((name) => {
      const key = annotationNames[name]
      const value = annotationsOf(subject)[key]
      const diagnosis = value === undefined ? undefined : diagnosisOf(name, value, subject)
      if (diagnosis === undefined) return []

      return [
        {
          field: annotationField(key, pod?.metadataField),
          ...diagnosis,
          message: `${key} ${diagnosis.message}`
        }
      ]
    })
  }
})

type Judged = ServiceAccountSubject | PodSubject | WorkloadSubject

const annotationsOf = (subject: Judged): Readonly<Record<string, unknown>> =>
  'pod' in subject ? subject.pod.annotations : subject.annotations

// https://github.com/kubernetes/kubernetes (pkg/apis/core/validation, ValidateProjectedVolumeSource)
const longestExpiration = 2n ** 32n

type Diagnosis = Pick<Problem, 'message' | 'fix' | 'atMost'>

function diagnosisOf(name: Companion, value: unknown, subject: Judged): Diagnosis | undefined {
  if (typeof value !== 'string') {
    return {
      message: `is ${kindOf(value)}; expected a string`,
      fix:
        typeof value === 'object'
          ? 'remove the annotation, or write its value as one quoted string'
          : 'put the value in quotes'
    }
  }

  return diagnoses[name](value, subject)
}

const kindOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'an array'
      : typeof value === 'object'
        ? 'an object'
        : `a ${typeof value}`

const diagnoses = {
  audience: (value) =>
    value === ''
      ? {
          message: "is empty, so tokens get the API server's audience, which STS rejects",
          fix: 'remove the annotation, or name an audience such as sts.amazonaws.com'
        }
      : undefined,
  'sts-regional-endpoints': (value) =>
    parseGoBool(value) === undefined
      ? {
          message: `is ${quote(value)}, which is not a Boolean, so it is ignored`,
          fix: 'write "true" or "false"'
        }
      : undefined,
  'token-expiration': (value) => {
    const fix = 'write a number of seconds from 600 to 86400, in quotes'
    const seconds = parseGoInteger(value)
    if (seconds === undefined)
      return { message: `is ${quote(value)}, which is not a 64-bit integer, so it is ignored`, fix }
    if (seconds < 600n)
      return { message: `is ${quote(value)}, which the identity webhook raises to 600 seconds`, fix }
    if (seconds > longestExpiration)
      return {
        message: `is ${quote(value)}, more than ${longestExpiration} seconds, so the API server rejects every pod that gets such a token`,
        fix
      }

    return seconds > 86_400n
      ? { message: `is ${quote(value)}, more than the 24 hours that EKS allows for a token`, fix }
      : undefined
  },
  'skip-containers': (value, subject) => {
    const containers = 'pod' in subject ? subject.pod.containers : []
    const names = new Set(containers.map((container) => container.name))
    // A webhook may inject more containers into the pods of a template.
    const isComplete = 'pod' in subject && isMutated(subject)
    const fix = `write container names separated by commas without spaces, such as ${quote([...names].slice(0, 2).join(','))}`
    const record = parseCsvRecord(value)
    if (record === undefined)
      return { message: `is ${quote(value)}, which cannot be parsed, so no container is skipped`, fix }
    if (record.rest.trim() !== '')
      return {
        message: `has several lines, of which the identity webhook reads only the first, so ${quote(record.rest.trim())} is not skipped`,
        fix
      }
    const unknown = [...new Set(record.fields)].filter((name) => !names.has(name)).slice(0, 3)
    if (unknown.length === 0) return undefined
    const blanks = unknown.filter((name) => names.has(name.trim()))
    if (blanks.length > 0)
      return {
        message: `contains ${blanks.map(quote).join(', ')}, but the identity webhook treats a space as part of the name, so no container matches`,
        fix
      }

    return {
      message: `contains ${unknown.map(quote).join(', ')}, but the pod has no such container`,
      fix,
      ...((!isComplete || unknown.length < record.fields.length) &&
        unknown.every((name) => closestTo(name, [...names]) === undefined) && { atMost: 'info' })
    }
  }
} satisfies Record<Companion, (value: string, subject: Judged) => Diagnosis | undefined>

/** An integer as Go's strconv.ParseInt(text, 10, 64) reads it; undefined if Go would return an error. */
function parseGoInteger(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  const digits = text.replace(/^[+-]?0*/, '')
  if (digits.length > 19) return undefined // BigInt is slow for long strings
  const value = BigInt(digits) * (text.startsWith('-') ? -1n : 1n)

  return BigInt.asIntN(64, value) === value ? value : undefined
}
