/**
 * The fields of the first record, as Go's encoding/csv reads it with its defaults: nothing is trimmed. Undefined for what it refuses:
 * nothing at all, or a quote at the wrong place.
 */
export function parseCsvRecord(text: string): string[] | undefined {
  if (text !== '' && !/["\r\n]/.test(text)) return text.split(',')

  const field = /(?:"((?:[^"]|"")*)"|((?:[^",\r\n]|\r(?!\n))*))(,|\r?\n|$)/y
  field.lastIndex = /^(?:\r?\n)*/.exec(text)?.[0].length ?? 0
  if (field.lastIndex === text.length) return undefined

  const fields: string[] = []
  for (;;) {
    const [found, quoted, plain = '', end] = field.exec(text) ?? []
    if (found === undefined) return undefined
    fields.push(quoted?.replaceAll('""', '"') ?? plain)
    if (end !== ',') return fields
  }
}
