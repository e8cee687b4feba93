import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'

// The schema is of draft 4. Ajv knows the later ones, which differ in no keyword that the schema uses.
const schema = Object.fromEntries(
  Object.entries(
    JSON.parse(readFileSync('test/output/schemas/sarif-2.1.0-rtm.5.json', 'utf8')) as Record<string, unknown>
  ).filter(([key]) => key !== '$schema' && key !== 'id')
)
const validateSarif = new Ajv({ allErrors: true, unicodeRegExp: false })
  .addFormat('uri', (text: string) => URL.canParse(text))
  .addFormat('uri-reference', /^[\w.~:/?#[\]@!$&'()*+,;=%-]*$/)
  .addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/)
  .compile(schema)

/** What the SARIF schema says against a log. */
export const sarifErrors = (log: unknown): string[] =>
  validateSarif(log)
    ? []
    : (validateSarif.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`)
