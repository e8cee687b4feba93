import { type AnnotationName, hasAnnotationNamed } from '../identity-webhook/annotation-names.js'
import { parseGoBool } from '../identity-webhook/settings.js'
import type { Problem } from '../model/finding.js'
import type { Pod } from '../model/pod.js'
import type { Subject } from '../model/subject.js'
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
  summary: 'An annotation that accompanies the role has a value that the identity webhook silently ignores.',
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
      const diagnosis = value === undefined ? undefined : diagnosisOf(name, value, pod)
      if (diagnosis === undefined) return []

      return [
        {
          field: annotationField(key, pod?.metadataField),
          message: `${key} ${diagnosis.message}`,
          fix: diagnosis.fix
        }
      ]
    })
  }
})

const annotationsOf = (subject: Subject): Readonly<Record<string, unknown>> =>
  'pod' in subject ? subject.pod.annotations : subject.annotations

type Diagnosis = Pick<Problem, 'message' | 'fix'>

function diagnosisOf(name: Companion, value: unknown, pod: Pod | undefined): Diagnosis | undefined {
  if (typeof value !== 'string') {
    return {
      message: `is ${typeof value === 'object' ? 'an array or an object' : `a ${typeof value}`}; expected a string`,
      fix: 'put the value in quotes'
    }
  }

  return diagnoses[name](value, pod)
}

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
    if (!/^[+-]?\d+$/.test(value))
      return { message: `is ${quote(value)}, which is not an integer, so it is ignored`, fix }
    if (Number(value) < 600) return { message: `is ${quote(value)}, which is raised to 600 seconds`, fix }

    return Number(value) > 86_400
      ? { message: `is ${quote(value)}, more than the 24 hours that EKS allows for a token`, fix }
      : undefined
  },
  'skip-containers': (value, pod) => {
    const names = new Set(pod?.containers.map((container) => container.name))
    const fix = `write container names separated by commas without spaces, such as ${quote([...names].slice(0, 2).join(','))}`
    const asked = parseCsvRecord(value)
    if (asked === undefined)
      return { message: `is ${quote(value)}, which cannot be parsed, so no container is skipped`, fix }
    const unknown = [...new Set(asked)].filter((name) => !names.has(name)).slice(0, 3)
    if (unknown.length === 0) return undefined
    const blanks = unknown.filter((name) => names.has(name.trim()))

    return blanks.length > 0
      ? {
          message: `contains ${blanks.map(quote).join(', ')} with a space, so that container is not skipped`,
          fix
        }
      : { message: `contains ${unknown.map(quote).join(', ')}, but no container has that name`, fix }
  }
} satisfies Record<Companion, (value: string, pod: Pod | undefined) => Diagnosis | undefined>
