import { alternate, ratiosOf } from '../support/alternate.ts'
import { load } from '../support/built.ts'
import { slowest } from '../support/hostile.ts'
import { issuer, trustPolicy } from '../support/review-body.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'
import { microsecondsOf } from '../support/time.ts'

/**
 * Compares judging a trust policy that admits the account with JSON.parse of the same text, and the slowest
 * hostile policy with 250 ms.
 */
export const trust: Row = async ({ rounds, scale }) => {
  const { judgeTrust } = (await load(
    'trust-policy/judge.js'
  )) as typeof import('../../src/trust-policy/judge.js')
  const text = JSON.stringify(trustPolicy)
  const judge = (document: unknown): ReturnType<typeof judgeTrust> =>
    judgeTrust({
      document,
      roleAccount: '111122223333',
      issuer,
      namespace: 'shop',
      serviceAccount: 'cart',
      audience: 'sts.amazonaws.com'
    })
  if (judge(text).verdict !== 'allowed') throw new Error('the policy of the benchmark must admit the account')

  const calls = 20_000 * scale
  const times = await alternate(rounds, {
    judge: () => microsecondsOf(() => judge(text), calls),
    parse: () => microsecondsOf(() => JSON.parse(text) as unknown, calls)
  })

  return [
    {
      what: 'trust: a verdict / JSON.parse of the policy',
      ratios: ratiosOf(times.judge, times.parse),
      budget: 20,
      absolute: `verdict ${medianOf(times.judge).toFixed(1)} µs, JSON.parse ${medianOf(times.parse).toFixed(1)} µs`
    },
    await slowest('trust', hostilePolicies(), judge, rounds)
  ]
}

/** Documents that are meant to be slow to judge. */
function hostilePolicies(): Readonly<Record<string, unknown>> {
  const [statement] = trustPolicy.Statement
  const withSubject = (operator: string, value: unknown): string =>
    JSON.stringify({
      ...trustPolicy,
      Statement: [
        { ...statement, Condition: { [operator]: { [`${issuer.slice('https://'.length)}:sub`]: value } } }
      ]
    })
  // IAM stores policies of up to 8,192 characters. Longer documents are rejected unread; those that fit must
  // be judged.
  const longest = 7500

  return {
    '1 MiB of text': withSubject('StringEquals', 'x'.repeat(1024 * 1024)),
    '1 MiB of spaces': `${JSON.stringify(trustPolicy)}${' '.repeat(1024 * 1024)}`,
    '1 MiB that is not JSON': '{"'.repeat(512 * 1024),
    '10,000 statements': { ...trustPolicy, Statement: Array.from({ length: 10_000 }, () => statement) },
    '100,000 values': withSubject(
      'StringLike',
      Array.from({ length: 100_000 }, (_, index) => `*${index}*`)
    ),
    'as many stars as IAM stores': withSubject('StringLike', '*a'.repeat(longest / 2)),
    'as many values as IAM stores': withSubject(
      'StringLike',
      Array.from({ length: longest / 10 }, (_, index) => `*${index}*b`)
    ),
    'one long value of question marks': withSubject('StringLike', `${'?*'.repeat(longest / 2)}b`),
    'deep nesting of 1 MiB': '['.repeat(512 * 1024) + ']'.repeat(512 * 1024),
    'nesting as deep as IAM stores': `{"Statement":${'['.repeat(longest / 2)}${']'.repeat(longest / 2)}}`,
    'percent signs': '%'.repeat(1024 * 1024)
  }
}
