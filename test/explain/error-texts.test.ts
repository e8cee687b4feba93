import t from 'tap'
import { errorTexts } from '../../src/explain/error-texts.js'
import { explainError } from '../../src/explain/explain.js'
import { matchErrorTexts } from '../../src/explain/match.js'
import { normalize } from '../../src/explain/normalize.js'
import { rules } from '../../src/rules/index.js'
import { examples } from './examples.js'

const idsOf = (input: string): string[] => explainError(input, rules).texts.map(({ id }) => id)

t.test('each known text is complete', async (t) => {
  const ids = new Set(rules.map(({ id }) => id))
  t.equal(new Set(errorTexts.map(({ id }) => id)).size, errorTexts.length, 'IDs are unique')
  t.ok(errorTexts.flatMap(({ forms }) => forms).length >= 100, 'texts')
  for (const { id, source, means, forms, causes } of errorTexts) {
    t.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    t.match(source, /^https:\/\/[a-z.0-9-]+\/\S+$/, id)
    t.notMatch(means, /\.$|^[A-Z](?!TS|AM|KS|WS)/, `${id}: like a message`)
    t.ok(causes.length > 0, id)
    for (const [first, ...others] of forms) {
      t.ok(normalize(first).length >= 8, `${id}: "${first}" alone would be in too many texts`)
      t.notOk(others.map(normalize).includes(''), id)
    }
    for (const { rule, why } of causes) {
      t.ok(rule === undefined || ids.has(rule), `${id}: ${rule} is a rule`)
      t.ok(why.length <= 100, `${id}: ${why}`)
    }
  }
  t.strictSame(Object.keys(examples).sort(), errorTexts.map(({ id }) => id).sort(), 'examples')
})

t.test('finds each text where a program prints it', async (t) => {
  for (const { id } of errorTexts)
    for (const example of examples[id] ?? []) t.strictSame(idsOf(example), [id], example.slice(0, 150))
})

t.test('each form of a text has an example', async (t) => {
  for (const text of errorTexts)
    for (const form of text.forms)
      t.ok(
        examples[text.id]?.some(
          (example) => matchErrorTexts(example, [{ ...text, forms: [form] }]).texts.length === 1
        ),
        `${text.id}: ${form.join(' … ')}`
      )
})

t.test('quotes, escapes, line breaks and colors do not matter', async (t) => {
  const changes: Readonly<Record<string, (text: string) => string>> = {
    'in a JSON string': (text) => JSON.stringify({ log: text }),
    'in a JSON string within JSON': (text) => JSON.stringify({ log: JSON.stringify({ message: text }) }),
    'a terminal of 37 columns': (text) => text.replace(/(.{37})/g, '$1\n'),
    'Windows line ends': (text) => text.replaceAll('\n', '\r\n'),
    'in a list': (text) => `> ${text.replaceAll('\n', '\n> ')}`,
    'with time stamps': (text) =>
      text
        .split('\n')
        .map((line) => `2026-11-24T08:12:31.123456789Z stderr F ${line}`)
        .join('\n'),
    'in XML': (text) => text.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    'with typographic quotes': (text) => text.replaceAll("'", '’').replaceAll('"', '“'),
    'in color': (text) => `\u001b[31m${text.replaceAll(' ', ' \u001b[1m')}\u001b[0m`,
    'in capitals': (text) => text.toUpperCase()
  }
  for (const [change, of] of Object.entries(changes))
    for (const { id, when } of errorTexts.filter(({ when }) => when === undefined))
      for (const example of examples[id] ?? [])
        t.ok(idsOf(of(example)).includes(id), `${id}, ${change}`, { when, example: of(example) })
})

t.test('phrases far from each other are not one error', async (t) => {
  const near = 'dial tcp 169.254.170.23:80: connect: connection refused'
  t.strictSame(idsOf(near), ['agent-unreachable'])
  t.strictSame(idsOf(near.replace('80: ', `80 ok\n${'all is well '.repeat(60)}`)), [])
  t.strictSame(
    idsOf(`169.254.170.23 ok\n${'all is well '.repeat(60)}${near}`),
    ['agent-unreachable'],
    'the nearest one counts'
  )
  t.strictSame(idsOf('connection refused by 169.254.170.23'), [], 'in this order')
})

t.test('a wrapper counts only without the error that it wraps', async (t) => {
  t.strictSame(idsOf('WebIdentityErr: failed to retrieve credentials\nUnable to locate credentials'), [
    'web-identity-error',
    'botocore-no-credentials'
  ])
  t.strictSame(
    idsOf(
      'WebIdentityErr: failed to retrieve credentials\nUnable to locate credentials\nIncorrect token audience'
    ),
    ['wrong-token-audience']
  )
})

t.test('knows the messages of irsa-guard by the rules that they name', async (t) => {
  const { texts } = explainError(
    'admission webhook "serviceaccounts.irsa-guard.io" denied the request: trust-subject-mismatch: role cart does not trust it (Not authorized to perform x)',
    rules
  )
  t.match(texts, [
    {
      id: 'irsa-guard-finding',
      causes: [{ rule: 'trust-subject-mismatch', command: 'irsa-guard explain trust-subject-mismatch' }]
    }
  ])
  t.strictSame(
    idsOf('role-missing: Unable to locate credentials'),
    ['irsa-guard-finding'],
    'vague texts are moot'
  )
  t.strictSame(idsOf('role-missing: Incorrect token audience'), [
    'irsa-guard-finding',
    'wrong-token-audience'
  ])
  t.strictSame(idsOf('not-a-rule'), [])
})
