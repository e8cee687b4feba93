import t from 'tap'
import { parseAdmissionReview } from '../../src/input/admission-review.js'
import type { Mode } from '../../src/model/namespace.js'
import { parseSubject } from '../../src/model/subject.js'
import { buildMetrics } from '../../src/process/metrics.js'
import { review } from '../../src/review.js'
import { buildReviewHandler } from '../../src/server/handle-review.js'
import { recordReview, recordWouldDeny } from '../../src/server/record-review.js'

const account = (role: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'cart', namespace: 'shop', annotations: { 'eks.amazonaws.com/role-arn': role, ...more } }
})

/** Reviews an object in a mode; returns what was logged and counted. */
async function recorded(
  mode: Mode,
  object: object
): Promise<{ lines: unknown[]; counted: string[]; allowed: boolean }> {
  const metrics = buildMetrics()
  const lines: unknown[] = []
  const log = {
    info: (fields: object, text: string) => lines.push({ text, ...fields })
  } as unknown as Parameters<typeof recordReview>[1] // a logger that keeps its lines
  const request = parseAdmissionReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      operation: 'CREATE',
      namespace: 'shop',
      kind: { kind: 'ServiceAccount' },
      object,
      userInfo: { username: 'alice' }
    }
  })
  if ('malformed' in request) throw new Error(request.malformed)
  const answer = buildReviewHandler(
    (subject, deadline) => review(subject, { sources: {}, mode, at: new Date(), deadline }),
    undefined,
    (request, subject, verdict) => recordWouldDeny(metrics, log, { request, subject, verdict })
  )
  const response = await answer(request, new AbortController())
  recordReview(metrics, log, { request, response, milliseconds: 1 })
  const text = await metrics.registry.metrics()

  return {
    lines,
    allowed: response.allowed,
    counted: text.split('\n').filter((line) => line.startsWith('irsa_guard_would_deny_total{'))
  }
}

t.test(
  'in mode warn and audit, what enforce would deny is counted by rule and logged with its object',
  async (t) => {
    for (const mode of ['warn', 'audit'] as const) {
      const { lines, counted, allowed } = await recorded(mode, account('arn:aws:iam::111122223333:user/x'))
      t.ok(allowed)
      t.strictSame(counted, ['irsa_guard_would_deny_total{rule="role-arn-malformed"} 1'])
      t.match(lines, [
        {
          text: 'would be denied',
          kind: 'ServiceAccount',
          namespace: 'shop',
          name: 'cart',
          operation: 'CREATE',
          mode,
          rule: 'role-arn-malformed',
          message: /ARN of a user/
        },
        { text: 'review', kind: 'ServiceAccount', namespace: 'shop', name: 'cart', user: 'alice' }
      ])
    }
  }
)

t.test('what enforce denies is not counted again, nor what it would allow', async (t) => {
  t.match(await recorded('enforce', account('arn:aws:iam::111122223333:user/x')), {
    allowed: false,
    counted: [],
    lines: [{ text: 'review', outcome: 'denied', name: 'cart' }]
  })
  t.match(await recorded('off', account('arn:aws:iam::111122223333:user/x')), {
    allowed: true,
    counted: [],
    lines: []
  })
  const waived = account('arn:aws:iam::111122223333:user/x', {
    'ignore.irsa-guard.io/role-arn-malformed': 'moves next week'
  })
  t.match(await recorded('warn', waived), { counted: [], lines: [{ text: 'review' }] })
  const onDefault = {
    ...account('arn:aws:iam::111122223333:role/x'),
    metadata: {
      name: 'default',
      namespace: 'shop',
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/x' }
    }
  }
  t.match(await recorded('warn', onDefault), { counted: [], lines: [{ text: 'review' }] }, 'warnings')
  t.ok(parseSubject(onDefault, { stage: 'admitted' }))
})

t.test('an object whose name the API server has yet to make is logged with its prefix', async (t) => {
  const object = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      generateName: 'cart-',
      namespace: 'shop',
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/x' }
    }
  }
  t.match((await recorded('warn', object)).lines, [{ name: 'cart-' }, { name: 'cart-' }])
})
