/** Whether a value is a map, and neither null nor a list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads an object's annotations; a missing or ill-shaped map has none. */
export function annotationsOf(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return recordOf(recordOf(object['metadata'])['annotations'])
}

/** A map as it was read; what is none is empty. */
export const recordOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {})

/** A list as it was read; what is none is empty. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A text that is not empty, or undefined. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** The path of an annotation below a metadata field, as findings name it. */
export const annotationField = (key: string, metadataField = 'metadata'): string =>
  `${metadataField}.annotations[${JSON.stringify(key)}]`
