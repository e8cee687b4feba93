import t from 'tap'
import { evaluateTrust } from '../../src/library/index.js'
import { workOf } from '../support/cpu-time.js'
import { asks, host, policy, question, statement } from '../support/trust.js'

/** About 450 ms on a Xeon with 2.8 GHz; twice that while the coverage is measured, which slows down both. */
const most = 15
const mebi = 2 ** 20
const many = (count: number, make: (index: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, index) => make(index))
const like = (value: unknown): object =>
  policy(statement({ Condition: { StringLike: { [`${host}:sub`]: value } } }))
const cyclic: Record<string, unknown> = {}
cyclic['self'] = cyclic

const documents: Readonly<Record<string, unknown>> = {
  'a mebibyte of brackets': '['.repeat(mebi),
  'nested lists': `${'['.repeat(mebi / 2)}${']'.repeat(mebi / 2)}`,
  'nested objects': `${'{"a":'.repeat(mebi / 8)}1${'}'.repeat(mebi / 8)}`,
  'deep but short': `${'['.repeat(4000)}${']'.repeat(4000)}`,
  'a nested object': many(1e5, () => 0).reduce((inner) => ({ inner }), {}),
  blanks: ' '.repeat(mebi),
  'a policy in blanks': `${' '.repeat(mebi)}${JSON.stringify(policy(statement()))}`,
  'percent signs': '%'.repeat(mebi),
  'percent signs, encoded': '%25'.repeat(mebi / 3),
  quotes: `"${'\\"'.repeat(mebi / 2)}"`,
  '10,000 statements': policy(
    ...many(10_000, (index) =>
      statement({ Condition: asks({ sub: `system:serviceaccount:n${index}:cart` }) })
    )
  ),
  '100,000 values': policy(statement({ Condition: asks({ sub: many(100_000, (index) => `v${index}`) }) })),
  'stars, a mebibyte': like('*a'.repeat(mebi / 2)),
  'stars, as many as IAM stores': like('*a'.repeat(3800)),
  'stars and holes': like(many(20, () => '*a?'.repeat(110))),
  'stars that nearly match': like(many(20, () => `system:serviceaccount:${'*a'.repeat(150)}b`)),
  'patterns of patterns': like(many(700, (index) => `*${index}*`)),
  'variables without end': like('${'.repeat(3500)),
  'a variable of blanks': like(`\${${' '.repeat(mebi)}}`),
  'variables that repeat the subject': like(`\${${host}:sub}`.repeat(90)),
  'a value of blanks': like(`${' '.repeat(mebi)}x`),
  'slashes in a key': policy(
    statement({ Condition: { StringEquals: { [`${'/'.repeat(7500)}x:sub`]: 'x' } } })
  ),
  'slashes in a principal': policy(statement({ Principal: { Federated: `${'/'.repeat(7500)}x` } })),
  'lone surrogates': like('\ud800\udc00\ud800'),
  'lone surrogates in keys': policy(statement({ Condition: { StringEquals: { '\udfff:sub': '\ud800' } } })),
  '__proto__ everywhere':
    '{"__proto__":{"Statement":[]},"Version":"2012-10-17","Statement":[{"__proto__":{"Effect":"Allow"}}]}',
  'a key __proto__': JSON.stringify(policy(statement({ Condition: { StringEquals: { a: 'x' } } }))).replace(
    '"a"',
    '"__proto__"'
  ),
  'numbers for text': { Version: 2012, Statement: [{ Effect: 1, Principal: 2, Action: 3, Condition: 4 }] },
  nulls: { Version: null, Statement: null },
  'null statement': policy(null),
  'a cycle': cyclic,
  'a big integer': { Version: 1n },
  'a getter that throws': Object.defineProperty({}, 'Version', {
    enumerable: true,
    get: () => {
      throw new Error('no')
    }
  }),
  'a proxy that throws': new Proxy(
    {},
    {
      ownKeys: () => {
        throw new TypeError('no')
      }
    }
  ),
  'a symbol': Symbol('x'),
  nothing: undefined
}

for (const name of ['cart', 'a'.repeat(253)]) {
  t.test(`no document takes long or throws, for a name of ${name.length} characters`, async (t) => {
    for (const [title, document] of Object.entries(documents)) {
      const asked = question(document, { serviceAccount: name, at: new Date('2026-11-24') })
      const { work, result } = workOf(() => evaluateTrust(asked), most)
      const { verdict } = result
      t.ok(
        [
          'denied',
          'invalid',
          ...(title.includes('policy in') && name === 'cart' ? ['allowed'] : []),
          ...(title === 'stars and holes' ? ['allowed'] : [])
        ].includes(verdict),
        `${title}: ${verdict}`
      )
      t.ok(work < most, `${title}: ${work.toFixed(1)} times the reference`)
    }
  })
}
