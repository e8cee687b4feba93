import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { parseConfig } from '../../src/config.js'
import { rules } from '../../src/rules/index.js'
import { recordOf } from '../../src/text/record.js'

const schema: unknown = JSON.parse(readFileSync('schemas/config.json', 'utf8'))
const text = /```yaml\n([^]*?)```/.exec(readFileSync('docs/config.md', 'utf8'))?.[1] ?? ''
const ids = rules.map(({ id }) => id)

const keysOf = (part: unknown, path: string): string[] =>
  Object.entries(recordOf(recordOf(part)['properties'])).flatMap(([key, below]) => {
    const inner = keysOf(below, `${path}${key}.`)
    return inner.length === 0 ? [`${path}${key}`] : inner
  })

const at = (path: string, object: unknown): unknown =>
  path.split('.').reduce((value, key) => recordOf(value)[key], object)

t.test('the page shows every key, and its default', async (t) => {
  const shown: unknown = parse(text)
  const keys = keysOf(schema, '')
  t.ok(keys.length > 15)
  for (const key of keys) t.not(at(key, shown), undefined, key)

  const [page, defaults] = [parseConfig(text, 'docs/config.md', ids), parseConfig('', 'nothing', ids)]
  const examples = [
    'issuer',
    'audience',
    'clusterCa',
    'annotationPrefix',
    'iam.accounts',
    'iam.endpoint',
    'eks.clusterArn',
    'eks.endpoint',
    'scan.changeQueue',
    'caBundle.injectors',
    'rules',
    ...keys.filter((key) => key.startsWith('waivers.'))
  ]
  const placeOf = (key: string): string => (key === 'exceptions' ? `ruleSettings.${key}` : key)
  for (const key of keys.filter((key) => !examples.includes(key))) {
    t.not(at(placeOf(key), defaults), undefined, key)
    t.strictSame(at(placeOf(key), page), at(placeOf(key), defaults), key)
  }
  for (const key of examples)
    t.ok([undefined, '[]', '{}'].includes(JSON.stringify(at(key, defaults))), `${key} has no default`)
})
