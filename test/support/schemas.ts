import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { isRecord } from '../../src/text/record.js'

export const schemaNames = [
  'config',
  'diagnosis',
  'explanation',
  'iam-snapshot',
  'preflight',
  'report',
  'rule-page',
  'status',
  'wait'
] as const
export type SchemaName = (typeof schemaNames)[number]

export const schemaOf = (name: SchemaName): unknown =>
  JSON.parse(readFileSync(`schemas/${name}.json`, 'utf8'))

/**
 * What one of the published schemas says against a value. `closed` also reports every key that the schema
 * does not mention, for output that must not contain undocumented keys.
 */
export function schemaErrors(name: SchemaName, value: unknown, { closed = false } = {}): string[] {
  const schema = closed ? closedOf(schemaOf(name)) : schemaOf(name)
  const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema as object)

  return validate(value)
    ? []
    : (validate.errors ?? []).map(
        ({ instancePath, message = '', params }) => `${instancePath} ${message} ${JSON.stringify(params)}`
      )
}

/** A schema whose objects allow no other keys. */
function closedOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closedOf)
  if (!isRecord(schema)) return schema
  const closed = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closedOf(value)]))

  return schema['type'] === 'object' && isRecord(schema['properties'])
    ? { ...closed, additionalProperties: false }
    : closed
}
