import t from 'tap'
import type { Need, Sources } from '../../src/facts/facts.js'
import { gatherFacts } from '../../src/facts/gather.js'
import type { Backend, CanaryResult, WebhookSource } from '../../src/facts/webhooks.js'
import { type Fact, known, moot, unknown } from '../../src/model/fact.js'
import { parseSubject, type Stage } from '../../src/model/subject.js'
import { accountOf } from '../support/accounts.js'
import { configurationOf, configurationSubject, eksWebhook, selfManagedWebhook } from '../support/webhooks.js'

const deadline = new AbortController()

async function gather<N extends Need>(
  object: object,
  need: N,
  sources: Sources = {},
  stage: Stage = 'source'
) {
  const subject = parseSubject(object, { stage })
  if (subject === undefined) throw new Error('not a subject')

  return (await gatherFacts(subject, new Set([need]), sources, { deadline }))[need]
}

const sourceOf = (
  configurations: readonly object[],
  complete: boolean,
  more: Partial<WebhookSource> = {}
): Sources => ({
  webhooks: {
    readConfigurations: async () =>
      known({ configurations: configurations.map(configurationSubject), complete }),
    readBackend: async () => unknown('not asked'),
    readCertificate: async () => unknown('not asked'),
    ...more
  }
})
const blind = sourceOf([], true, { readConfigurations: async () => unknown('forbidden') })
const eks = configurationOf([eksWebhook()])
const other = configurationOf([selfManagedWebhook()], { name: 'other' })
const unrelated = configurationOf(
  [{ name: 'a.b.c', clientConfig: { service: { namespace: 'a', name: 'b' } } }],
  { name: 'unrelated' }
)

t.test('that the cluster has no identity webhook is known only to who sees all of it', async (t) => {
  const table: readonly (readonly [string, Sources, unknown])[] = [
    ['nobody looks', {}, moot('not all webhook configurations of the cluster are available')],
    ['files', sourceOf([eks], false), moot('not all webhook configurations of the cluster are available')],
    ['a cluster that does not answer', blind, unknown('forbidden')],
    ['a cluster without', sourceOf([unrelated], true), known([])],
    [
      'a cluster with one',
      sourceOf([unrelated, eks], true),
      { value: [{ configuration: 'pod-identity-webhook' }] }
    ],
    [
      'another name',
      sourceOf(
        [
          configurationOf(
            [
              {
                name: 'x.y.z',
                clientConfig: { service: { namespace: 'a', name: 'aws-pod-identity-webhook' } }
              }
            ],
            {
              name: 'x'
            }
          )
        ],
        true
      ),
      unknown('mutatingwebhookconfiguration x may be an identity webhook under another name')
    ],
    [
      'a validating one gives no roles',
      sourceOf([configurationOf([eksWebhook()], { kind: 'ValidatingWebhookConfiguration' })], true),
      known([])
    ],
    [
      'a canary that gets its role',
      {
        ...sourceOf([unrelated], true),
        canary: () => known({ proved: 2, failing: [{ address: 'a', because: '' }] })
      },
      unknown('the canary pod gets its role, although no identity webhook is registered under a known name')
    ],
    [
      'a canary that does not',
      {
        ...sourceOf([unrelated], true),
        canary: () => known({ proved: 1, failing: [{ address: 'a', because: '' }] })
      },
      known([])
    ]
  ]
  for (const [why, sources, fact] of table)
    t.match(await gather(accountOf(), 'identityWebhooks', sources), fact, why)
})

t.test('a configuration sees its own identity webhooks and the others, in call order', async (t) => {
  const names = async (object: object, sources: Sources) => {
    const fact = await gather(object, 'identityWebhooks', sources)
    return fact?.state === 'known' ? fact.value.map(({ configuration }) => configuration) : fact
  }
  t.strictSame(await names(eks, {}), ['pod-identity-webhook'])
  t.strictSame(
    await names(eks, sourceOf([eks, other], true)),
    ['other', 'pod-identity-webhook'],
    'itself only once'
  )
  t.strictSame(await names(eks, blind), unknown('forbidden'))
  t.strictSame(await names(configurationOf([eksWebhook(), selfManagedWebhook()]), blind), [
    'pod-identity-webhook',
    'pod-identity-webhook'
  ])
  t.match(await names(unrelated, sourceOf([eks], true)), { state: 'moot' })
})

t.test('backends are asked for once for each Service and port', async (t) => {
  const asked: string[] = []
  const backend: Backend = { exists: true, ports: [443], ready: true }
  const answers = (fact: (name: string) => Fact<Backend>): Sources =>
    sourceOf([], false, {
      readBackend: async ({ name, port }) => {
        asked.push(`${name}:${port}`)
        return fact(name)
      }
    })
  const service = (name: string): object => ({ name, clientConfig: { service: { namespace: 'shop', name } } })
  const object = configurationOf([service('a'), service('a'), service('b'), eksWebhook()])
  t.strictSame(
    await gather(
      object,
      'backends',
      answers(() => known(backend))
    ),
    known(
      new Map([
        ['shop/a:443', backend],
        ['shop/b:443', backend]
      ])
    )
  )
  t.strictSame(asked, ['a:443', 'b:443'])
  t.strictSame(
    await gather(
      object,
      'backends',
      answers((name) => (name === 'a' ? unknown('why') : known(backend)))
    ),
    known(new Map([['shop/b:443', backend]]))
  )
  t.strictSame(
    await gather(
      object,
      'backends',
      answers(() => unknown('why'))
    ),
    unknown('why')
  )
  t.match(await gather(object, 'backends'), { state: 'moot' })
  t.match(
    await gather(
      eks,
      'backends',
      answers(() => known(backend))
    ),
    { state: 'moot' }
  )
  t.match(await gather(accountOf(), 'backends'), { state: 'moot' })
})

t.test('the Certificate that an annotation names', async (t) => {
  const asking = (value: string, annotation = 'cert-manager.io/inject-ca-from'): object =>
    configurationOf([selfManagedWebhook()], { annotations: { [annotation]: value } })
  const certificates = (fact: Fact<boolean>): Sources =>
    sourceOf([], false, { readCertificate: async () => fact })
  t.strictSame(await gather(asking('a/b'), 'injectionSource', certificates(known(true))), known('exists'))
  t.strictSame(await gather(asking('a/b'), 'injectionSource', certificates(known(false))), known('missing'))
  t.strictSame(await gather(asking('a/b'), 'injectionSource', certificates(unknown('why'))), unknown('why'))
  t.strictSame(
    await gather(asking('a/b'), 'injectionSource', certificates(unknown('why')), 'running'),
    known('unseen')
  )
  t.strictSame(await gather(asking('a/b'), 'injectionSource'), known('unseen'))
  t.strictSame(
    await gather(asking('b'), 'injectionSource', certificates(known(false))),
    known('unseen'),
    'not readable'
  )
  const secret = asking('a/b', 'cert-manager.io/inject-ca-from-secret')
  t.strictSame(
    await gather(secret, 'injectionSource', certificates(known(false))),
    known('unseen'),
    'of a Secret'
  )
  const secrets = (fact: Fact<boolean>): Sources => sourceOf([], false, { allowsInjection: () => fact })
  t.strictSame(await gather(secret, 'injectionSource', secrets(known(true))), known('exists'))
  t.strictSame(await gather(secret, 'injectionSource', secrets(known(false))), known('forbids'))
  t.strictSame(
    await gather(secret, 'injectionSource', secrets(unknown('not among the given objects'))),
    known('unseen'),
    'a Secret that is made elsewhere'
  )
  t.strictSame(
    await gather(asking('yes', 'cert-manager.io/inject-apiserver-ca'), 'injectionSource'),
    known('unseen'),
    'an annotation that is ignored'
  )
  t.match(await gather(eks, 'injectionSource'), { state: 'moot' })
  t.match(await gather(accountOf(), 'injectionSource'), { state: 'moot' })
})

t.test('the canary speaks of identity webhooks only', async (t) => {
  const result: CanaryResult = { proved: 1, failing: [] }
  const canary = (): Fact<CanaryResult> => known(result)
  t.strictSame(await gather(eks, 'canary', { canary }), known(result))
  t.match(await gather(unrelated, 'canary', { canary }), { state: 'moot' })
  t.match(await gather(accountOf(), 'canary', { canary }), { state: 'moot' })
  t.strictSame(await gather(eks, 'canary'), moot('no canary pod is sent'))
})
