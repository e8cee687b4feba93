import { alternate, ratiosOf } from '../support/alternate.ts'
import { load } from '../support/built.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'
import { microsecondsOf } from '../support/time.ts'

/**
 * Measures strings that a tenant can set and that once took seconds to judge. A string of twice the length
 * may take at most three times as long.
 */
export const hostile: Row = async ({ rounds, scale }) => {
  const { checkObjects } = (await load('library/index.js')) as typeof import('../../src/library/index.js')
  const { buildReviewHandler } = (await load(
    'server/handle-review.js'
  )) as typeof import('../../src/server/handle-review.js')
  const { review } = (await load('review.js')) as typeof import('../../src/review.js')
  const deadline = { signal: new AbortController().signal }
  const judge = buildReviewHandler((subject) =>
    review(subject, { sources: {}, mode: 'enforce', at: new Date(), deadline })
  )
  const [verdict] = await checkObjects([serviceAccount('${'.repeat(8))])
  if (verdict?.allowed !== false) throw new Error('the service account of the benchmark must be denied')

  const timed = (object: object): number =>
    microsecondsOf(
      () =>
        judge(
          {
            apiVersion: 'admission.k8s.io/v1',
            uid: 'u',
            operation: 'CREATE',
            namespace: 'shop',
            object,
            old: undefined,
            kind: '',
            user: '',
            groups: []
          },
          deadline
        ),
      200 * scale
    )
  const strings = {
    'role ARN of ${': (length: number) => serviceAccount('${'.repeat(length / 2)),
    'variable of $(': podWith
  }
  const comparisons = []
  for (const [what, make] of Object.entries(strings)) {
    const [half, whole] = [make(131_072), make(262_144)]
    const times = await alternate(rounds, { whole: () => timed(whole), half: () => timed(half) })
    comparisons.push({
      what: `hostile: ${what}, 256 KiB / 128 KiB`,
      ratios: ratiosOf(times.whole, times.half),
      budget: 3,
      absolute: `256 KiB ${medianOf(times.whole).toFixed(0)} µs`
    })
  }

  return comparisons
}

const serviceAccount = (role: string): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'cart', namespace: 'shop', annotations: { 'eks.amazonaws.com/role-arn': role } }
})

const podWith = (length: number): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'cart', namespace: 'shop' },
  spec: { containers: [{ name: 'app', env: [{ name: 'AWS_ROLE_ARN', value: '$('.repeat(length / 2) }] }] }
})
