import { alternate, ratiosOf } from '../support/alternate.ts'
import { load } from '../support/built.ts'
import { clusterArn, podIdentityTrustPolicy } from '../support/review-body.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'
import { microsecondsOf } from '../support/time.ts'

/** Compares judging a trust policy that admits an association with JSON.parse of the same text. */
export const podIdentity: Row = async ({ rounds, scale }) => {
  const { judgePodIdentity } = (await load(
    'trust-policy/pod-identity/judge.js'
  )) as typeof import('../../src/trust-policy/pod-identity/judge.js')
  const text = JSON.stringify(podIdentityTrustPolicy)
  const judge = (): ReturnType<typeof judgePodIdentity> =>
    judgePodIdentity({ document: text, clusterArn, namespace: 'shop', serviceAccount: 'cart' })
  if (judge().verdict !== 'allowed') throw new Error('the policy of the benchmark must admit the association')

  const calls = 20_000 * scale
  const times = await alternate(rounds, {
    judge: () => microsecondsOf(judge, calls),
    parse: () => microsecondsOf(() => JSON.parse(text) as unknown, calls)
  })

  return [
    {
      what: 'pod-identity: a verdict / JSON.parse of the policy',
      ratios: ratiosOf(times.judge, times.parse),
      budget: 20,
      absolute: `verdict ${medianOf(times.judge).toFixed(1)} µs, JSON.parse ${medianOf(times.parse).toFixed(1)} µs`
    }
  ]
}
