/** Whether a value is a map, and neither null nor a list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads an object's annotations; a missing or ill-shaped map has none. */
export function annotationsOf(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const metadata = object['metadata']

  return isRecord(metadata) && isRecord(metadata['annotations']) ? metadata['annotations'] : {}
}
