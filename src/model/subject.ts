import { annotationsOf, isRecord } from './record.js'
import { isWebhookFieldUnchanged, parseWebhookConfiguration, type WebhookConfigurationSubject } from './webhook-configuration.js'

export { annotationsOf, isRecord }

/** Where a subject comes from: a manifest that nobody mutated yet, or an object that an API server admits. */
export type Stage = 'source' | 'admitted'

/** A service account as rules see it. Annotation values are unknown until a rule looks: a manifest may hold anything there. */
export interface ServiceAccountSubject {
  readonly kind: 'ServiceAccount'
  readonly stage: Stage
  readonly namespace: string
  readonly name: string
  readonly annotations: Readonly<Record<string, unknown>>
  /** The annotations before an update; undefined when there was no object before. */
  readonly oldAnnotations?: Readonly<Record<string, unknown>> | undefined
}

export type Subject = ServiceAccountSubject | WebhookConfigurationSubject
export type Kind = Subject['kind']

/** The annotation that asks for a role: https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html */
export const roleArnAnnotation = 'eks.amazonaws.com/role-arn'

/** The path of an annotation, as findings name it. */
export const annotationField = (key: string): string => `metadata.annotations[${JSON.stringify(key)}]`

/** Makes a subject of an object as it was read, or undefined when no rule looks at such objects. Never throws. */
export function parseSubject(
  object: unknown,
  context: { stage: Stage; namespace?: string | undefined; old?: unknown }
): Subject | undefined {
  if (!isRecord(object)) return undefined
  if (object['apiVersion'] === 'admissionregistration.k8s.io/v1') return parseWebhookConfiguration(object, context)
  if (object['apiVersion'] !== 'v1' || object['kind'] !== 'ServiceAccount') return undefined

  const metadata = isRecord(object['metadata']) ? object['metadata'] : {}
  const namespace = metadata['namespace']
  const name = metadata['name'] ?? metadata['generateName']

  return {
    kind: 'ServiceAccount',
    stage: context.stage,
    namespace: typeof namespace === 'string' && namespace !== '' ? namespace : (context.namespace ?? 'default'),
    name: typeof name === 'string' ? name : '',
    annotations: annotationsOf(object),
    ...(isRecord(context.old) && { oldAnnotations: annotationsOf(context.old) })
  }
}

/** A subject's name for people: with its namespace where it has one. */
export const displayNameOf = (subject: Subject): string => ('namespace' in subject ? `${subject.namespace}/${subject.name}` : subject.name)

/** Whether a field that a finding names says the same as before this request. Without an object before, nothing does. */
export function isUnchanged(subject: Subject, field: string): boolean {
  if (subject.oldAnnotations === undefined) return false

  const key = /^metadata\.annotations\[(.*)\]$/.exec(field)?.[1]
  if (key === undefined) return subject.kind !== 'ServiceAccount' && isWebhookFieldUnchanged(subject, field)
  const name: unknown = JSON.parse(key)

  return typeof name === 'string' && subject.annotations[name] === subject.oldAnnotations[name]
}
