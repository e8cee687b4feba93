import { pino } from 'pino'
import t from 'tap'
import { canaryRole, proveIdentityWebhook } from '../../src/controller/canary.js'
import { readClusterCas } from '../../src/controller/cluster-cas.js'
import { writeEvent } from '../../src/controller/event.js'
import { hasNewFailure, lastKnownOf, prove, tellProofs, type Probes } from '../../src/controller/probes.js'
import { provePolicy, proveWebhook, type Proof } from '../../src/controller/self-test.js'
import { clientThat } from '../support/kube-client.js'

const works: Proof = { state: 'works' }
const fails: Proof = { state: 'fails', because: 'it does' }
const unknown: Proof = { state: 'unknown', because: 'nobody answered' }
const probes = (more: Partial<Probes> = {}): Probes => ({ webhook: works, policy: works, canary: new Map([['a:443', works]]), ...more })
const now = new Date('2026-11-24T00:00:00Z')

t.test('the webhook works when it denies, fails when the account passes, and else nobody can tell', async (t) => {
  const prove = (status: number, message = ''): Promise<Proof> => proveWebhook(clientThat(() => ({ status, body: { message } })))
  t.match(await prove(403, 'admission webhook "validate.irsa-guard.io" denied the request'), works)
  t.match(await prove(201), { state: 'fails', because: /does not ask irsa-guard/ })
  t.match(await prove(403, 'serviceaccounts is forbidden: User cannot create'), {
    state: 'unknown',
    because: /answered 403: serviceaccounts/
  })
  t.match(await proveWebhook(clientThat(() => ({ status: 500, body: 'boom' }))), { state: 'unknown' })
})

t.test('the policy works when it denies, fails when the patch passes, and else nobody can tell', async (t) => {
  const prove = (status: number, message = ''): Promise<Proof> =>
    provePolicy(
      clientThat(() => ({ status, body: { message } })),
      'x'
    )
  t.match(await prove(403, "ValidatingAdmissionPolicy 'irsa-guard-ca-bundle-deny' denied request"), works)
  t.match(await prove(200), { state: 'fails', because: /does not deny/ })
  t.match(await prove(404, 'not found'), { state: 'unknown', because: /answered 404: not found/ })
})

const podWith = (container: object, volumes: readonly object[] = []): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'canary' },
  spec: { containers: [{ name: 'canary', ...container }], volumes }
})
const path = '/var/run/secrets/eks.amazonaws.com/serviceaccount'
const env = [
  { name: 'AWS_ROLE_ARN', value: canaryRole },
  { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${path}/token` }
]
const volumes = [
  { name: 'aws-iam-token', projected: { sources: [{ serviceAccountToken: { audience: 'sts.amazonaws.com', path: 'token' } }] } }
]

t.test('the canary passes with variables, token and mount, and nothing less', async (t) => {
  const prove = (body: object, status = 201): Promise<Proof> => proveIdentityWebhook(clientThat(() => ({ status, body })))
  const volumeMounts = [{ name: 'aws-iam-token', mountPath: path }]
  t.match(await prove(podWith({ env, volumeMounts }, volumes)), works)
  t.match(await prove(podWith({})), { state: 'fails', because: /it came back as it was sent$/ })
  t.match(await prove(podWith({ env }, volumes)), { state: 'fails', because: /it has no mount at / })
  t.match(await prove(podWith({ env: env.map((one) => ({ ...one, value: 'x' })), volumeMounts }, volumes)), { state: 'fails' })
  t.match(await prove({ message: 'exceeded quota' }, 403), {
    state: 'unknown',
    because: 'the canary pod was answered with 403: exceeded quota'
  })
  t.match(await prove({ kind: 'Pod' }), { state: 'unknown', because: /without its container/ })
})

t.test('what cannot be asked is unknown', async (t) => {
  const client = clientThat(() => new Error('connection refused'))
  const found = await prove(client, [{ address: 'a:443', host: 'a', port: 443, client }], 'x')
  t.match(found, { webhook: { state: 'unknown' }, policy: { because: 'connection refused' } })
  t.match(found.canary.get('a:443'), { state: 'unknown', because: 'connection refused' })
})

t.test('a failure is new when it was none before', async (t) => {
  t.equal(hasNewFailure(probes(), undefined), false)
  t.equal(hasNewFailure(probes({ policy: fails }), undefined), true)
  t.equal(hasNewFailure(probes({ policy: fails }), probes({ policy: fails })), false)
  t.equal(hasNewFailure(probes({ canary: new Map([['a:443', fails]]) }), probes()), true)
})

t.test('each change is told once: Events for what works no more, or again', async (t) => {
  const told = async (found: Probes, before?: Probes, known = before): Promise<string[]> => {
    const events: string[] = []
    const client = clientThat(({ body }) => {
      const { reason, type } = body as { reason: string; type: string }
      events.push(`${type} ${reason}`)
      return { status: 201 }
    })
    await tellProofs({ client, log: pino({ level: 'silent' }), now, identityWebhook: undefined }, found, { before, known })
    return events
  }
  t.strictSame(await told(probes()), [], 'working at the first look is no news')
  t.strictSame(await told(probes({ webhook: fails })), ['Warning SelfTestWebhookFails'])
  t.strictSame(await told(probes({ webhook: fails }), probes({ webhook: fails })), [])
  t.strictSame(await told(probes(), probes({ policy: fails })), ['Normal SelfTestPolicyWorks'])
  t.strictSame(
    await told(probes({ canary: new Map([['a:443', unknown]]) }), probes()),
    [],
    'what could not be asked is for log and metrics'
  )
  t.strictSame(await told(probes(), probes({ webhook: unknown })), [])
  t.strictSame(await told(probes({ canary: new Map([['a:443', fails]]) }), probes()), ['Warning IdentityWebhookCanaryFails'])
  const away = probes({ webhook: unknown })
  t.strictSame(await told(probes(), away, probes({ webhook: fails })), ['Normal SelfTestWebhookWorks'], 'failed, was away, works')
  t.strictSame(await told(probes({ webhook: fails }), away, probes({ webhook: fails })), [], 'failed, was away, fails')
})

t.test('what cannot be asked is known as it was', async (t) => {
  const at = (more: Readonly<Record<string, Proof>>): Pick<Probes, 'canary'> => ({ canary: new Map(Object.entries(more)) })
  const before = probes({ policy: fails, ...at({ a: fails, gone: works }) })
  const asked = probes({ webhook: fails, policy: unknown, ...at({ a: unknown, new: unknown }) })
  t.strictSame(lastKnownOf(asked, before), probes({ webhook: fails, policy: fails, ...at({ a: fails, new: unknown }) }))
  t.strictSame(lastKnownOf(asked, undefined), asked)
})

t.test('Events are cut to what the API takes, and a refusal is no secret', async (t) => {
  let sent: unknown
  const client = clientThat(({ body }) => {
    sent = body
    return { status: 201 }
  })
  const event = {
    about: { apiVersion: 'v1', kind: 'Pod', name: 'p'.repeat(253), namespace: 'shop' },
    type: 'Warning',
    reason: 'R'
  } as const
  await writeEvent(client, { ...event, message: 'm'.repeat(2000) }, now)
  t.match(sent, { metadata: { namespace: 'shop' }, message: /^m{1023}…$/ })
  await t.rejects(
    writeEvent(
      clientThat(() => ({ status: 403 })),
      { ...event, message: 'm' },
      now
    ),
    /answered 403/
  )
})

t.test("reads the cluster's CAs, or says that they are not there", async (t) => {
  t.equal(
    await readClusterCas(
      clientThat(() => ({ body: { data: { 'ca.crt': 'pem' } } })),
      'a'
    ),
    'pem'
  )
  t.equal(
    await readClusterCas(
      clientThat(() => ({ body: {} })),
      'a'
    ),
    undefined
  )
  t.equal(
    await readClusterCas(
      clientThat(() => ({ status: 404 })),
      'a'
    ),
    undefined
  )
  await t.rejects(
    readClusterCas(
      clientThat(() => ({ status: 500 })),
      'a'
    ),
    /answered 500/
  )
})
