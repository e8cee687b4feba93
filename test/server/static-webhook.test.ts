import t from 'tap'
import { review } from '../../src/review.js'
import { buildReviewHandler } from '../../src/server/handle-review.js'
import { clusterCa, configurationWith, otherCa } from '../support/bundle-cases.js'
import { pem } from '../support/certificates.js'
import { podsRule } from '../support/webhooks.js'

const right = pem(clusterCa.der)
const handleReview = buildReviewHandler((subject, deadline) =>
  review(subject, {
    sources: { clusterCa: right },
    mode: 'enforce',
    at: new Date('2026-11-24T00:00:00Z'),
    deadline
  })
)
const answer = (object: object, old?: object) =>
  handleReview(
    {
      apiVersion: 'admission.k8s.io/v1',
      uid: 'u-1',
      kind: 'MutatingWebhookConfiguration',
      operation: old === undefined ? 'CREATE' : 'UPDATE',
      namespace: undefined,
      object,
      old,
      user: 'admin',
      groups: ['system:masters']
    },
    new AbortController()
  )
const bundled = (bundle: string, changes: object = {}): object =>
  configurationWith(bundle, { rules: [podsRule], ...changes })

t.test('an API server that asks about webhook configurations gets an answer', async (t) => {
  t.strictSame(await answer(bundled(right)), { uid: 'u-1', allowed: true })
  const { allowed, status } = await answer(bundled(pem(otherCa.der)))
  t.equal(allowed, false)
  t.match(status, {
    code: 403,
    reason: 'Forbidden',
    message:
      /^mutatingwebhookconfiguration pod-identity-webhook: ca-bundle-untrusted: the caBundle of webhook iam-for-pods\.amazonaws\.com does not contain the cluster CA, .*\n {2}fix: write the cluster CA to the bundle; .*$/
  })
})

t.test('what was wrong before is a warning, and what an update takes away too', async (t) => {
  const stale = bundled(pem(otherCa.der))
  t.match(await answer(bundled(pem(otherCa.der), { timeoutSeconds: 5 }), stale), {
    allowed: true,
    warnings: [/^ca-bundle-untrusted: /, /fix/]
  })
  t.match(await answer({ ...bundled(right), webhooks: [] }, bundled(right)), {
    allowed: true,
    warnings: [/^identity-webhook-removed: this update removes identity webhook iam-for-pods/, /fix/]
  })
  t.match(await answer({ ...bundled(right), kind: 'ValidatingWebhookConfiguration', webhooks: 'x' }), {
    allowed: true
  })
})
