import t from 'tap'
import type { AcceptedBundles } from '../../src/ca-bundle/accepted-texts.js'
import { entriesOf } from '../../src/ca-bundle/entries.js'
import { expectedCasOf, type ExpectedCasQuestion } from '../../src/ca-bundle/expected-cas.js'
import { guardedWebhooksOf } from '../../src/ca-bundle/guarded-webhooks.js'
import type { Assessment } from '../../src/controller/assessment.js'
import { logSourceChanges } from '../../src/controller/ca-sources.js'
import { known, unknown } from '../../src/model/fact.js'
import { base64, issue, makeAuthority, pem } from '../support/certificates.js'

const at = new Date('2026-11-24T00:00:00Z')
const [first, second, foreign] = [makeAuthority('ca'), makeAuthority('ca'), makeAuthority('ca')]
const text = (...authorities: readonly { der: Buffer }[]): string =>
  authorities.map(({ der }) => pem(der)).join('')
const name = 'pod-identity-webhook.amazonaws.com'
const webhookWith = (bundle: string) =>
  guardedWebhooksOf(
    [
      {
        kind: 'MutatingWebhookConfiguration',
        metadata: { name: 'c', uid: 'u' },
        webhooks: [{ name, clientConfig: { service: {}, caBundle: base64(bundle) } }]
      }
    ],
    []
  )
const injects = (current: string, earlier?: string) => ({
  isPassing: false,
  fact: known({ current, earlier, source: 'Certificate a/b' })
})
const servedBy = (authority: typeof first) => ({ chain: pem(issue(authority)), host: '127.0.0.1' })

/** The entry of one round, as a configuration with `enforce` publishes it. */
function round(bundle: string, question: Partial<ExpectedCasQuestion>): AcceptedBundles {
  const guarded = webhookWith(bundle)
  const expectedCas = (one: (typeof guarded)[number]) =>
    expectedCasOf(one, { ownCas: '', rotation: undefined, at, ...question })
  const common = {
    ownCas: '',
    rotation: undefined,
    issuer: undefined,
    canaryPassed: false,
    enforce: [name],
    guard: [],
    injectors: {}
  }
  const [entry] = entriesOf({
    ...common,
    at,
    guarded,
    expectedCas,
    published: question.published ? [question.published] : []
  })
  if (entry === undefined) throw new Error('no entry')

  return entry
}

const takes = ({ accepted, complete }: AcceptedBundles, bundle: string): string =>
  complete.includes(base64(bundle)) ? 'right' : accepted.includes(base64(bundle)) ? 'incomplete' : 'wrong'

t.test('in a rotation accepts what an injector may write, and remembers what it replaced', async (t) => {
  const before = round(text(first), { injected: injects(text(first)), served: servedBy(first) })
  t.equal(takes(before, text(first)), 'right')
  t.equal(takes(before, text(second)), 'wrong')

  // The Secret is new, the webhook still serves its old certificate, and the old request is gone.
  const rotated = round(text(first), {
    injected: injects(text(second)),
    served: servedBy(first),
    published: before
  })
  for (const bundle of [text(second), text(first, second), text(second, first)])
    t.equal(takes(rotated, bundle), 'right')
  t.equal(takes(rotated, text(first)), 'incomplete', 'it works still')
  t.equal(takes(rotated, text(second, foreign)), 'wrong')

  const loaded = round(text(first, second), {
    injected: injects(text(second)),
    served: servedBy(second),
    published: rotated
  })
  t.equal(takes(loaded, text(first, second)), 'right', 'as cainjector merged it')
  t.equal(takes(loaded, text(first)), 'wrong', 'it works no more')
  const later = round(text(first, second), {
    injected: injects(text(second)),
    served: servedBy(second),
    published: loaded
  })
  t.equal(takes(later, text(first, second)), 'right', 'as long as it is in place')
  const tidied = round(text(second), {
    injected: injects(text(second)),
    served: servedBy(second),
    published: later
  })
  t.equal(takes(tidied, text(first, second)), 'wrong', 'once it is taken out, it is forgotten')
})

t.test('what is only said to have been right names a bundle, and is accepted nowhere', async (t) => {
  const injected = injects(text(second), text(first))
  const entry = round(text(first), { injected })
  for (const bundle of [text(first), text(first, second), text(second, first)])
    t.equal(takes(entry, bundle), 'wrong')
  const [guarded] = webhookWith(text(first))
  t.equal(
    guarded && expectedCasOf(guarded, { ownCas: '', rotation: undefined, at, injected })?.former,
    text(first)
  )
})

t.test('what is served adds to the source, and stands in for it', async (t) => {
  const above = makeAuthority('root')
  const below = makeAuthority('below', {}, above)
  const served = { chain: text({ der: issue(below) }, below), host: '127.0.0.1' }
  const entry = round(text(above), { injected: injects(text(above)), served })
  t.equal(takes(entry, text(above)), 'right')
  t.equal(takes(entry, text(below)), 'incomplete', 'works as well')
  t.equal(takes(round(text(above), { served }), text(below)), 'right', 'nothing else is known')
  t.strictSame(round(text(above), { served: servedBy(first) }).accepted, [], 'nothing at all is known')
})

t.test('while the source does not answer, what was right stays right', async (t) => {
  const before = round(text(first), { injected: injects(text(first)) })
  const answer = (isPassing: boolean) => ({ isPassing, fact: unknown('no answer') })
  t.equal(takes(round(text(first), { injected: answer(true), published: before }), text(first)), 'right')
  t.equal(takes(round(text(first), { injected: answer(false), published: before }), text(first)), 'wrong')
  t.strictSame(round(text(first), { injected: answer(true) }).accepted, [])
})

t.test('tells a source once, and again when it changes', async (t) => {
  const lines: string[] = []
  const log = {
    info: (_: object, line: string) => lines.push(line),
    warn: (_: object, line: string) => lines.push(line)
  }
  const [guarded] = webhookWith('')
  if (guarded === undefined) return
  const assessment = (source: Assessment['source']): Assessment[] => [
    { guarded, state: 'ok', because: '', extra: [], source }
  ]
  const rounds = [
    assessment(known('a')),
    assessment(known('a')),
    assessment(unknown('b')),
    assessment(unknown('b')),
    assessment(undefined)
  ]
  // The cast is safe: only these two methods are called.
  rounds.forEach((now, index) =>
    logSourceChanges(log as unknown as Parameters<typeof logSourceChanges>[0], now, rounds[index - 1] ?? [])
  )
  t.strictSame(lines, [
    "CAs are read from the injector's source",
    "the injector's CAs are unknown, so only the served chain shows which CA is in use"
  ])
})
