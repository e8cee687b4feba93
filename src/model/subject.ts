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

export type Subject = ServiceAccountSubject
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
  if (!isRecord(object) || object['apiVersion'] !== 'v1' || object['kind'] !== 'ServiceAccount') return undefined

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

/** Reads an object's annotations; a missing or ill-shaped map has none. */
export function annotationsOf(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const metadata = object['metadata']

  return isRecord(metadata) && isRecord(metadata['annotations']) ? metadata['annotations'] : {}
}

/** Whether a value is a map, and neither null nor a list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
