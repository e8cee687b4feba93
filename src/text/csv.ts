/** A record, and the text that follows its line. */
export interface CsvRecord {
  readonly fields: readonly string[]
  readonly rest: string
}

/**
 * Returns the first record as Go's encoding/csv reads it with its defaults, which trim nothing. Undefined if
 * Go would return an error because there is no record or a quote is misplaced.
 * https://pkg.go.dev/encoding/csv
 */
export function parseCsvRecord(text: string): CsvRecord | undefined {
  // Go drops a carriage return at the end of each line and of the input.
  const lines = text.replaceAll('\r\n', '\n').replace(/\r$/, '')
  const fields: string[] = []
  let at = 0
  while (lines[at] === '\n') at++ // empty lines
  if (at === lines.length) return undefined

  for (;;) {
    const field = lines[at] === '"' ? quotedField(lines, at) : plainField(lines, at)
    if (field === undefined) return undefined
    fields.push(field.value)
    if (lines[field.end] !== ',') return { fields, rest: lines.slice(field.end + 1) }
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
  while (end < text.length && text[end] !== ',' && text[end] !== '\n') {
    if (text[end] === '"') return undefined
    end++
  }

  return { value: text.slice(start, end), end }
}

/** Two quotes in a row represent one; the field must end after the closing quote. */
function quotedField(text: string, start: number): Field | undefined {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2)
  if (end === -1 || !(end + 1 === text.length || text[end + 1] === ',' || text[end + 1] === '\n'))
    return undefined

  return { value: text.slice(start + 1, end).replaceAll('""', '"'), end: end + 1 }
}
