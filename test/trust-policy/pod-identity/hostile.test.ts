import t from 'tap'
import { evaluatePodIdentityTrust } from '../../../src/library/index.js'
import { workOf } from '../../support/cpu-time.js'
import { clusterArn, podStatement, roleArn, when } from '../../support/pod-identity.js'
import { policy } from '../../support/trust.js'

/** About 450 ms on a Xeon with 2.8 GHz; twice that while the coverage is measured, which slows down both. */
const most = 15
const mebi = 2 ** 20
const many = (count: number, make: (index: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, index) => make(index))
const namespace = 'aws:RequestTag/kubernetes-namespace'
const like = (value: unknown): object => when({ StringLike: { [namespace]: value } })
const cyclic: Record<string, unknown> = {}
cyclic['self'] = cyclic

const documents: Readonly<Record<string, unknown>> = {
  'a mebibyte of brackets': '['.repeat(mebi),
  'nested objects': `${'{"a":'.repeat(mebi / 8)}1${'}'.repeat(mebi / 8)}`,
  'percent signs': '%'.repeat(mebi),
  blanks: ' '.repeat(mebi),
  '10,000 statements': policy(...many(10_000, () => podStatement())),
  'statements, as many as IAM stores': policy(
    ...many(60, () => podStatement({ Condition: { StringEquals: { [namespace]: 'x' } } }))
  ),
  '100,000 values': when({ StringEquals: { [namespace]: many(100_000, (index) => `v${index}`) } }),
  'values, as many as IAM stores': like(many(700, (index) => `*${index}*`)),
  'keys, as many as IAM stores': when({
    StringEquals: Object.fromEntries(
      many(400, (index) => [`aws:RequestTag/n${index}`, 'x']) as [string, string][]
    )
  }),
  'keys of AWS with typos': when({
    StringEquals: Object.fromEntries(
      many(400, (index) => [`aws:SourceAr${index}`, 'x']) as [string, string][]
    )
  }),
  'stars, as many as IAM stores': like('*a'.repeat(3800)),
  'stars and holes': like(many(20, () => '*a?'.repeat(110))),
  'stars across the keys of tags': when({
    'ForAllValues:StringLike': { 'aws:TagKeys': many(20, () => '*-?'.repeat(110)) }
  }),
  'regions in ARNs': when({
    ArnLike: { 'aws:SourceArn': many(150, (index) => `arn:aws:eks:r-${index}:111122223333:cluster/*`) }
  }),
  'variables without end': like('${'.repeat(3500)),
  'a variable of blanks': like(`\${${' '.repeat(mebi)}}`),
  'slashes in a key': when({ StringEquals: { [`aws:RequestTag/${'/'.repeat(7500)}`]: 'x' } }),
  'a long tag': when({ StringEquals: { [`aws:RequestTag/${'namespace-'.repeat(700)}`]: 'x' } }),
  'a long principal': policy(podStatement({ Principal: { AWS: `arn:aws:sts::${'1/'.repeat(3500)}` } })),
  'lone surrogates': like('\ud800\udc00\ud800'),
  'a key __proto__': JSON.stringify(when({ StringEquals: { a: 'x' } })).replace('"a"', '"__proto__"'),
  'numbers for text': { Version: 2012, Statement: [{ Effect: 1, Principal: 2, Action: 3, Condition: 4 }] },
  'null statement': policy(null),
  'a cycle': cyclic,
  'a getter that throws': Object.defineProperty({}, 'Version', {
    enumerable: true,
    get: () => {
      throw new Error('no')
    }
  }),
  nothing: undefined
}

for (const [who, parts] of Object.entries({
  'the role': {},
  'the role, without tags': { sessionTags: false },
  'the target role': { firstRole: { arn: roleArn } },
  'a name of 253 characters': { serviceAccount: 'a'.repeat(253) }
})) {
  t.test(`no document takes long or throws, for ${who}`, async (t) => {
    for (const [title, document] of Object.entries(documents)) {
      const question = {
        document,
        clusterArn,
        namespace: 'shop',
        serviceAccount: 'cart',
        at: new Date('2026-11-24'),
        ...parts
      }
      const { work, result } = workOf(() => evaluatePodIdentityTrust(question), most)
      t.match(
        result.verdict,
        title.includes('keys of tags') ? /^(?:denied|allowed)$/ : /^(?:denied|invalid|depends)$/,
        title
      )
      t.ok(work < most, `${title}: ${work.toFixed(1)} times the reference`)
    }
  })
}
