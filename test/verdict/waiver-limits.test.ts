import t from 'tap'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { parseException } from '../../src/model/exception.js'
import { known } from '../../src/model/fact.js'
import { parseSubjects, type Subject } from '../../src/model/subject.js'
import { parseWaiverLimits, type WaiverSettings } from '../../src/model/waiver-limits.js'
import { defineRule } from '../../src/rules/define-rule.js'
import { evaluate } from '../../src/verdict/evaluate.js'
import { buildPlanner } from '../../src/verdict/plan.js'

const at = new Date('2026-11-24T12:00:00Z')
const rule = defineRule({
  id: 'always',
  summary: '',
  severity: 'error',
  on: ['ServiceAccount', 'Namespace', 'Workload', 'PodIdentityAssociation', 'MutatingWebhookConfiguration'],
  needs: [],
  check: () => ({ field: 'metadata', message: 'it is wrong', fix: 'correct it' })
})
const planFor = buildPlanner([rule])

const subjectOf = (object: Record<string, unknown>, waiver = 'we know'): Subject => {
  const metadata = object['metadata'] as object
  const annotations = { 'ignore.irsa-guard.io/always': waiver }
  const [subject] = parseSubjects({ ...object, metadata: { ...metadata, annotations } }, { stage: 'source' })
  if (subject === undefined) throw new Error('not a subject')
  return subject
}
const account = (namespace?: string): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'cart', namespace }
})
const findingOf = (subject: Subject, waivers: WaiverSettings, exceptions: readonly string[] = []) =>
  evaluate(
    planFor(subject, defaultIdentityWebhook),
    subject,
    { identityWebhook: known(defaultIdentityWebhook) },
    {
      at,
      waiverLimits: parseWaiverLimits(waivers),
      exceptions: exceptions.flatMap(
        (object) => parseException({ rule: 'always', object, reason: 'vendored', until: undefined }) ?? []
      )
    }
  ).findings[0]

const notInEffect = 'it is wrong (waiver ignore.irsa-guard.io/always is not in effect: '
const noneIn = (namespace: string): string =>
  `${notInEffect}the configuration of irsa-guard allows no waivers in namespace ${namespace})`

t.test('every waiver is in effect without limits, and within them', async (t) => {
  const until = 'until 2027-01-31: we know'
  const table: readonly (readonly [WaiverSettings, value?: string])[] = [
    [{}],
    [{ rules: ['always'] }],
    [{ excludedRules: ['other'] }],
    [{ namespaces: ['shop'] }],
    [{ namespaces: ['pay', 'sh?p*'] }],
    [{ requireExpiry: true }, until],
    [{ maxDays: 68 }, until],
    [{ maxDays: 1 }, 'until 2026-11-25: we know']
  ]
  for (const [waivers, value] of table) {
    const { message, waived } = findingOf(subjectOf(account('shop'), value), waivers) ?? {}
    t.strictSame({ message, waived }, { message: 'it is wrong', waived: 'we know' }, JSON.stringify(waivers))
  }
})

t.test('a waiver outside the limits silences nothing, and the finding says why', async (t) => {
  const until = 'until 2027-01-31: we know'
  const noRule = `${notInEffect}the configuration of irsa-guard allows no waivers of this rule)`
  const table: readonly (readonly [WaiverSettings, value: string, message: string])[] = [
    [{ rules: [] }, until, noRule],
    [{ rules: ['other'] }, until, noRule],
    [{ rules: ['always'], excludedRules: ['always'] }, until, noRule],
    [{ namespaces: [] }, until, noneIn('shop')],
    [{ namespaces: ['pay', 'shop-*'] }, until, noneIn('shop')],
    [
      { requireExpiry: true },
      'we know',
      `${notInEffect}the configuration of irsa-guard requires an end date; expected "until 2027-01-31: reason")`
    ],
    [
      { maxDays: 1 },
      'we know',
      `${notInEffect}the configuration of irsa-guard requires an end date at most 1 day ahead; expected "until 2027-01-31: reason")`
    ],
    [
      { maxDays: 67 },
      until,
      `${notInEffect}it ends on 2027-01-31, and the configuration of irsa-guard allows an end date at most 67 days ahead)`
    ]
  ]
  for (const [waivers, value, message] of table) {
    const finding = findingOf(subjectOf(account('shop'), value), waivers)
    t.strictSame({ message: finding?.message, waived: finding?.waived }, { message, waived: undefined })
  }
})

t.test('the namespace is that of the object with the annotation', async (t) => {
  const association = subjectOf({
    apiVersion: 'eks.services.k8s.aws/v1alpha1',
    kind: 'PodIdentityAssociation',
    metadata: { name: 'a', namespace: 'evil' },
    spec: { clusterName: 'c', namespace: 'shop', serviceAccount: 'cart', roleARN: 'r' }
  })
  const namespace = (name: string) => subjectOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  const webhook = subjectOf({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'a' },
    webhooks: []
  })
  const only = { namespaces: ['shop'] }
  t.equal(findingOf(association, only)?.message, noneIn('evil'))
  t.equal(findingOf(namespace('pay'), only)?.message, noneIn('pay'))
  t.equal(findingOf(namespace('shop'), only)?.waived, 'we know')
  t.equal(findingOf(webhook, only)?.waived, 'we know', 'only administrators write it')
  t.match(
    findingOf(subjectOf(account()), only),
    { message: /only in some namespaces, and this object names no namespace \(pass -n NAMESPACE\)\)$/ },
    'which namespace is unknown'
  )
  t.equal(findingOf(subjectOf(account()), { namespaces: ['*'] })?.waived, 'we know')
})

t.test('exceptions of the configuration have no limits', async (t) => {
  const waivers = { rules: [], namespaces: [], maxDays: 1 }
  t.equal(findingOf(subjectOf(account('shop')), waivers, ['ServiceAccount shop/*'])?.waived, 'vendored')
})
