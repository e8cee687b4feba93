/**
 * Returns the fields of the first record as Go's encoding/csv reads it with its defaults, which trim nothing.
 * Undefined if Go would return an error because there is no record or a quote is misplaced.
 * https://pkg.go.dev/encoding/csv
 */
export function parseCsvRecord(text: string): string[] | undefined {
  const fields: string[] = []
  let at = afterEmptyLines(text)
  if (at === text.length) return undefined

  for (;;) {
    const field = text[at] === '"' ? quotedField(text, at) : plainField(text, at)
    if (field === undefined) return undefined
    fields.push(field.value)
    if (text[field.end] !== ',') return fields
    at = field.end + 1
  }
}

/** A field and its end: a comma, a line end or the end of the string. */
interface Field {
  readonly value: string
  readonly end: number
}

function plainField(text: string, start: number): Field | undefined {
  let end = start
  while (end < text.length && text[end] !== ',' && !isLineEnd(text, end)) {
    if (text[end] === '"') return undefined
    end++
  }

  return { value: text.slice(start, end), end }
}

/** Two quotes represent one; the field must end after the last one. */
function quotedField(text: string, start: number): Field | undefined {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2)
  if (end === -1 || !(end + 1 === text.length || text[end + 1] === ',' || isLineEnd(text, end + 1)))
    return undefined

  return { value: text.slice(start + 1, end).replaceAll('""', '"'), end: end + 1 }
}

const isLineEnd = (text: string, at: number): boolean =>
  text[at] === '\n' || (text[at] === '\r' && text[at + 1] === '\n')

function afterEmptyLines(text: string): number {
  let at = 0
  while (isLineEnd(text, at)) at += text[at] === '\n' ? 1 : 2

  return at
}
