import { pino } from 'pino'
import t from 'tap'
import { guardedWebhooksOf } from '../../src/ca-bundle/guarded-webhooks.js'
import { assessBundle } from '../../src/ca-bundle/state.js'
import type { Assessment } from '../../src/controller/assessment.js'
import {
  type ConfigurationFinding,
  findConfigurationFaults,
  reportFindings
} from '../../src/controller/configuration-findings.js'
import { canaryCauseOf } from '../../src/controller/probes/canary-cause.js'
import { clusterCa, otherCa } from '../support/bundle-cases.js'
import { base64, pem } from '../support/certificates.js'
import { clientThat } from '../support/kube-client.js'
import { configurationOf, eksWebhook } from '../support/webhooks.js'

const now = new Date('2026-11-24T00:00:00Z')
const find = (configurations: readonly unknown[], guard: readonly string[] = []) =>
  findConfigurationFaults(configurations, { sources: {}, severities: new Map(), guard, at: now })

const url = 'https://127.0.0.1:23443/mutate'
const blind = configurationOf([eksWebhook({ rules: [] })])
const healthy = configurationOf([eksWebhook({ clientConfig: { url, caBundle: base64(pem(clusterCa.der)) } })])
const broken = { name: 'a.b.c', clientConfig: { url: 'https://a.example/', caBundle: base64('x') } }
const malformed = { 'cert-manager.io/inject-ca-from': 'b' }

/** The Events of one round. */
async function eventsOf(
  findings: readonly ConfigurationFinding[],
  before: readonly ConfigurationFinding[] = []
): Promise<unknown[]> {
  const events: unknown[] = []
  const client = clientThat(({ body }) => {
    events.push(body)
    return { status: 201 }
  })
  await reportFindings({ client, log: pino({ level: 'silent' }), now }, findings, before)
  return events
}

t.test('a finding about an identity webhook has an Event, and another when it is gone', async (t) => {
  const findings = await find([blind])
  t.match(await eventsOf(findings), [
    {
      involvedObject: { kind: 'MutatingWebhookConfiguration', name: 'pod-identity-webhook' },
      type: 'Warning',
      reason: 'IdentityWebhookMissesPods',
      message:
        'identity-webhook-misses-pods: the API server does not call webhook iam-for-pods.amazonaws.com for any pod: no rule covers pods (group "", version v1, operation CREATE); these pods start without their role; fix: restore the rule for the CREATE operation on pods'
    }
  ])
  t.strictSame(await eventsOf(findings, findings), [], 'told once')
  t.match(await eventsOf([], findings), [
    {
      type: 'Normal',
      reason: 'IdentityWebhookMissesPodsResolved',
      message: /webhooks\[0\]\.rules: resolved$/
    }
  ])
})

t.test('webhooks that are not guarded, bundles and the canary get no Event here', async (t) => {
  const others = configurationOf([broken], { name: 'other', annotations: malformed })
  const rulesOf = async (configurations: readonly unknown[], guard?: readonly string[]): Promise<unknown[]> =>
    (await eventsOf(await find(configurations, guard))).map((event) => (event as { reason: string }).reason)
  t.ok((await find([others])).length >= 1)
  t.strictSame(await rulesOf([others]), [])
  t.strictSame(await rulesOf([others], ['a.b.c']), ['CaInjectionBroken'], 'unless the config guards it')
  const unusable = configurationOf([eksWebhook({ clientConfig: { url, caBundle: base64('x') } })])
  t.match(await find([unusable]), [{ rule: 'ca-bundle-unusable' }])
  t.strictSame(await rulesOf([unusable]), [], 'which has Events about its state')
})

t.test('the likely cause of a failing canary', async (t) => {
  const assess = (configurations: readonly unknown[]): Assessment[] =>
    guardedWebhooksOf(configurations, []).map((guarded) => ({
      guarded,
      source: undefined,
      ...assessBundle({ caBundle: guarded.webhook.caBundle, currentCas: pem(clusterCa.der), at: now })
    }))
  const causeOf = async (...configurations: readonly unknown[]): Promise<string | undefined> =>
    canaryCauseOf({
      configurations,
      assessments: assess(configurations),
      findings: await find(configurations)
    })
  t.equal(await causeOf(), undefined, 'nothing was read yet')
  t.equal(await causeOf(configurationOf([broken])), 'no identity webhook is registered in the cluster')
  t.equal(await causeOf(healthy), undefined)
  t.match(
    await causeOf(blind),
    /^the caBundle of iam-for-pods\.amazonaws\.com is absent: .*; identity-webhook-misses-pods: .*; fix: restore the rule/
  )
  const foreign = { url, caBundle: base64(pem(otherCa.der)) }
  t.match(
    await causeOf(configurationOf([eksWebhook({ clientConfig: foreign, admissionReviewVersions: ['v1'] })])),
    /is foreign: .*; review-version-unsupported: /
  )
  const other = configurationOf([broken], { name: 'other', annotations: malformed })
  t.equal(await causeOf(healthy, other), undefined, 'a problem of another webhook is no cause')
})
