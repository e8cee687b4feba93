/** Whether a value is an object, and neither null nor an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads an object's annotations; empty if they are missing or malformed. */
export function annotationsOf(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return recordOf(recordOf(object['metadata'])['annotations'])
}

/** The value if it is an object, otherwise an empty object. */
export const recordOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {})

/** The value if it is an array, otherwise an empty array. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The value if it is a string and not empty, otherwise undefined. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** The path of an annotation below a metadata field, as used in findings. */
export const annotationField = (key: string, metadataField = 'metadata'): string =>
  `${metadataField}.annotations[${JSON.stringify(key)}]`

/**
 * A value and everything nested in it. Does not recurse, so any depth is possible. Values for which
 * `isSkipped` returns true are left out, with everything in them.
 */
export function* valuesIn(
  root: unknown,
  isSkipped: (value: unknown) => boolean = () => false
): Iterable<unknown> {
  const waiting = [root]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (isSkipped(value)) continue
    yield value
    if (typeof value === 'object' && value !== null)
      for (const member of Object.values(value) as unknown[]) waiting.push(member)
  }
}
