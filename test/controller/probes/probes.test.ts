import { pino } from 'pino'
import t from 'tap'
import type { AcceptedBundles } from '../../../src/ca-bundle/accepted-texts.js'
import { writeEvent } from '../../../src/controller/event.js'
import { canaryRole, proveIdentityWebhook } from '../../../src/controller/probes/canary.js'
import {
  hasNewFailure,
  lastKnownOf,
  type Probes,
  prove,
  reportProofs
} from '../../../src/controller/probes/probes.js'
import { type Proof, provePolicy, proveWebhook } from '../../../src/controller/probes/self-test.js'
import { defaultIdentityWebhook, withAnnotationPrefix } from '../../../src/identity-webhook/settings.js'
import type { AssociationLookup } from '../../../src/model/association.js'
import { type Fact, known, moot, unknown } from '../../../src/model/fact.js'
import { clientThat } from '../../support/kube-client.js'
import { agentContainer, agentVolume } from '../../support/pods.js'

const works: Proof = { state: 'works' }
const fails: Proof = { state: 'fails', because: 'it does' }
const unanswered: Proof = { state: 'unknown', because: 'nobody answered' }
const probes = (more: Partial<Record<keyof Probes, Proof>> = {}): Probes => ({
  canary: new Map([['a:443', more.canary ?? works]]),
  webhook: new Map([['a:443', more.webhook ?? works]]),
  policy: new Map([['a:443', more.policy ?? works]])
})
const now = new Date('2026-11-24T00:00:00Z')
const notRead = moot('EKS Pod Identity associations are not read')

t.test(
  'the webhook works when it denies, fails when the account passes, and else nobody can tell',
  async (t) => {
    const prove = (status: number, message = '', kind = 'ServiceAccount'): Promise<Proof> =>
      proveWebhook(
        clientThat(() => ({ status, body: { kind, message } })),
        defaultIdentityWebhook
      )
    t.match(await prove(403, 'admission webhook "validate.irsa-guard.io" denied the request'), works)
    t.match(await prove(201), { state: 'fails', because: /does not call irsa-guard/ })
    t.match(await prove(201, '', 'Page'), { state: 'unknown' }, 'what no API server returns')
    t.match(await prove(403, 'serviceaccounts is forbidden: User cannot create'), {
      state: 'unknown',
      because: /answered 403: serviceaccounts/
    })
    t.match(
      await proveWebhook(
        clientThat(() => ({ status: 500, body: 'boom' })),
        defaultIdentityWebhook
      ),
      { state: 'unknown' }
    )
  }
)

t.test(
  'the policy works when it denies, fails when the patch passes, and else nobody can tell',
  async (t) => {
    const prove = (status: number, message = ''): Promise<Proof> =>
      provePolicy(
        clientThat(() => ({ status, body: { kind: 'ValidatingWebhookConfiguration', message } })),
        { wrongCaBundle: 'x', published: undefined }
      )
    t.match(await prove(403, "ValidatingAdmissionPolicy 'irsa-guard-ca-bundle-deny' denied request"), works)
    t.match(
      await prove(403, "ValidatingAdmissionPolicy 'only-gitops' with binding 'only-gitops' denied request"),
      { state: 'unknown' }
    )
    t.match(await prove(200), { state: 'fails', because: /does not deny/ })
    t.match(
      await provePolicy(
        clientThat(() => ({ status: 200, body: '<html>Please log in</html>' })),
        { wrongCaBundle: 'x', published: undefined }
      ),
      { state: 'unknown' },
      "a proxy's page"
    )
    t.match(await prove(404, 'not found'), { state: 'unknown', because: /answered 404: not found/ })
  }
)

t.test('with certificates of your own, the policy only has to warn', async (t) => {
  const prove = (entry: Partial<AcceptedBundles>, warnings: readonly string[]): Promise<Proof> =>
    provePolicy(
      clientThat(() => ({ body: { kind: 'ValidatingWebhookConfiguration' }, warnings })),
      {
        wrongCaBundle: 'x',
        published: [
          {
            name: 'validate.irsa-guard.io',
            action: 'Warn',
            accepted: ['AAAA'],
            complete: [],
            injectors: [],
            ...entry
          }
        ]
      }
    )
  const warning =
    "Validation failed for ValidatingAdmissionPolicy 'irsa-guard-ca-bundle-warn' with binding 'x'"
  t.match(await prove({}, ['other', warning]), works)
  t.match(await prove({}, ['other']), { state: 'fails', because: /irsa-guard-ca-bundle-warn does not warn/ })
  t.match(await prove({ accepted: [] }, []), { state: 'unknown', because: /tls\.managed is false/ })
  t.match(await prove({ action: 'Deny' }, [warning]), { state: 'fails', because: /does not deny it/ })
})

t.test('the policy fails when somebody else has changed what it goes by', async (t) => {
  const entry: AcceptedBundles = {
    name: 'a.example',
    action: 'Deny',
    accepted: ['AAAA'],
    complete: [],
    injectors: []
  }
  const prove = (webhooks: readonly AcceptedBundles[] | undefined): Promise<Proof> => {
    const metadata = { labels: { 'velero.io/exclude-from-backup': 'true' } }
    const client = clientThat(({ method }) => {
      if (method === 'PATCH')
        return {
          status: 403,
          body: { message: "ValidatingAdmissionPolicy 'irsa-guard-ca-bundle-deny' denied request" }
        }
      return webhooks === undefined ? { status: 404 } : { body: { metadata, spec: { webhooks } } }
    })
    return provePolicy(client, { wrongCaBundle: 'x', published: [entry] })
  }
  t.match(await prove([entry]), works)
  t.match(await prove([{ ...entry, accepted: ['AAAA', 'BBBB'] }]), {
    state: 'fails',
    because: /^another client changed WebhookTrust "cluster", which the policy relies on/
  })
  t.match(await prove(undefined), works, 'it goes by nothing then, and yet it denied')
})

const podWith = (container: object, volumes: readonly object[] = []): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'canary' },
  spec: { containers: [{ name: 'canary', ...container }], volumes }
})
const canaryAccountWith = (prefix: string): object => ({
  metadata: { annotations: { [`${prefix}/role-arn`]: canaryRole } }
})
const path = '/var/run/secrets/eks.amazonaws.com/serviceaccount'
const env = [
  { name: 'AWS_ROLE_ARN', value: canaryRole },
  { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${path}/token` }
]
const volumes = [
  {
    name: 'aws-iam-token',
    projected: { sources: [{ serviceAccountToken: { audience: 'sts.amazonaws.com', path: 'token' } }] }
  }
]

t.test('the canary passes with variables, token and mount, and nothing less', async (t) => {
  const prove = (body: object, status = 201): Promise<Proof> =>
    proveIdentityWebhook(
      clientThat(({ method }) =>
        method === 'POST' ? { status, body } : { body: canaryAccountWith('eks.amazonaws.com') }
      ),
      defaultIdentityWebhook,
      notRead
    )
  const volumeMounts = [{ name: 'aws-iam-token', mountPath: path }]
  t.match(await prove(podWith({ env, volumeMounts }, volumes)), works)
  t.match(await prove(podWith({})), { state: 'fails', because: /the pod was returned unchanged$/ })
  t.match(await prove(podWith({ env }, volumes)), {
    state: 'fails',
    because: /the container has no volume mount at /
  })
  t.match(await prove(podWith({ env: env.map((one) => ({ ...one, value: 'x' })), volumeMounts }, volumes)), {
    state: 'fails'
  })
  t.match(await prove({ message: 'exceeded quota' }, 403), {
    state: 'unknown',
    because: 'the API server answered the canary pod with 403: exceeded quota'
  })
  t.match(await prove({ kind: 'Pod' }), { state: 'unknown', because: /without its container/ })
})

t.test('the canary of an account with an association gets container credentials', async (t) => {
  const prove = (
    container: object,
    podVolumes: object[],
    associated: Fact<AssociationLookup>
  ): Promise<Proof> =>
    proveIdentityWebhook(
      clientThat(({ method }) =>
        method === 'POST'
          ? { status: 201, body: podWith(container, podVolumes) }
          : { body: canaryAccountWith('eks.amazonaws.com') }
      ),
      defaultIdentityWebhook,
      associated
    )
  const exists = known<AssociationLookup>({ exists: true, since: undefined })
  const agent = agentContainer('canary')
  for (const associated of [
    exists,
    known<AssociationLookup>({ exists: false }),
    unknown('EKS refused'),
    notRead
  ])
    t.match(
      await prove(agent, [agentVolume], associated),
      works,
      `${associated.state}: only the webhook adds them`
    )
  const annotated = { env, volumeMounts: [{ name: 'aws-iam-token', mountPath: path }] }
  t.match(await prove(annotated, volumes, unknown('EKS refused')), works, 'as ever')
  t.match(await prove(annotated, volumes, exists), {
    state: 'fails',
    because:
      'a pod of a service account with an EKS Pod Identity association did not get container credentials: the container has the annotated role instead'
  })
  t.match(await prove({}, [], exists), {
    state: 'fails',
    because: /credentials: the pod was returned unchanged$/
  })
  t.match(await prove(agent, [], exists), {
    state: 'fails',
    because: /credentials: the container mounts the volume eks-/
  })
  t.match(
    await prove(annotated, volumes, known({ exists: true, since: new Date() })),
    works,
    'the identity webhook may not know it yet'
  )
})

t.test('the canary and the self-test ask under the prefix of the identity webhook', async (t) => {
  const settings = withAnnotationPrefix(defaultIdentityWebhook, 'aws.example')
  const prove = (account: object | undefined): Promise<Proof> =>
    proveIdentityWebhook(
      clientThat(({ method }) =>
        method === 'POST'
          ? { status: 201, body: podWith({}) }
          : { status: account ? 200 : 403, body: account }
      ),
      settings,
      notRead
    )
  t.strictSame(await prove(canaryAccountWith('eks.amazonaws.com')), {
    state: 'unknown',
    because:
      "the canary's service account does not request its role: kubectl annotate serviceaccount irsa-guard-canary -n irsa-guard-canary --overwrite aws.example/role-arn=arn:aws:iam::000000000000:role/irsa-guard-canary"
  })
  t.match(await prove(canaryAccountWith('aws.example')), {
    state: 'fails',
    because: /the pod was returned unchanged$/
  })
  t.match(await prove(undefined), { state: 'fails' }, 'an account that nobody shows is no excuse')

  let sent: unknown
  await proveWebhook(
    clientThat(({ body }) => {
      sent = body
      return { status: 201 }
    }),
    settings
  )
  t.match(sent, { metadata: { annotations: { 'aws.example/role-arn': /:policy\// } } })
})

t.test('what cannot be asked is unknown', async (t) => {
  const client = clientThat(() => new Error('connection refused'))
  const found = await prove([{ address: 'a:443', host: 'a', port: 443, client }], {
    wrongCaBundle: 'x',
    published: undefined,
    associated: notRead,
    settings: defaultIdentityWebhook
  })
  for (const outcomes of Object.values(found))
    t.strictSame([...outcomes], [['a:443', { state: 'unknown', because: 'connection refused' }]])
})

t.test('each API server is asked for everything', async (t) => {
  const serverThat = (address: string, webhook: string, policy: string) => {
    const client = clientThat(({ method }) => ({
      status: 403,
      body: { message: method === 'PATCH' ? policy : webhook }
    }))
    return { address, host: address, port: 443, client }
  }
  const denied =
    "ValidatingAdmissionPolicy 'irsa-guard-ca-bundle-deny' with binding 'irsa-guard-ca-bundle-deny' denied request"
  const found = await prove(
    [serverThat('a', 'webhook "validate.irsa-guard.io" denied', denied), serverThat('b', 'no', 'no')],
    {
      wrongCaBundle: 'x',
      published: undefined,
      associated: notRead,
      settings: defaultIdentityWebhook
    }
  )
  for (const outcomes of [found.webhook, found.policy])
    t.strictSame(
      [...outcomes].map(([address, { state }]) => [address, state]),
      [
        ['a', 'works'],
        ['b', 'unknown']
      ]
    )
})

t.test('a failure is new when it was none before', async (t) => {
  t.equal(hasNewFailure(probes(), undefined), false)
  t.equal(hasNewFailure(probes({ policy: fails }), undefined), true)
  t.equal(hasNewFailure(probes({ policy: fails }), probes({ policy: fails })), false)
  t.equal(hasNewFailure(probes({ canary: fails }), probes()), true)
})

t.test('each change is told once: Events for what works no more, or again', async (t) => {
  const told = async (found: Probes, before?: Probes, known = before): Promise<string[]> => {
    const events: string[] = []
    const client = clientThat(({ body }) => {
      const { reason, type, message } = body as { reason: string; type: string; message: string }
      events.push(`${type} ${reason}`)
      t.equal(
        message.endsWith('; likely cause: a selector'),
        reason === 'IdentityWebhookCanaryFails',
        message
      )
      return { status: 201 }
    })
    const log = pino({ level: 'silent' })
    const context = { client, log, now, identityWebhook: undefined, canaryCause: 'a selector' }
    await reportProofs(context, found, { before, known })
    return events
  }
  t.strictSame(await told(probes()), [], 'working at the first look is no news')
  t.strictSame(await told(probes({ webhook: fails })), ['Warning SelfTestWebhookFails'])
  t.strictSame(await told(probes({ webhook: fails }), probes({ webhook: fails })), [])
  t.strictSame(await told(probes(), probes({ policy: fails })), ['Normal SelfTestPolicyWorks'])
  t.strictSame(
    await told(probes({ canary: unanswered }), probes()),
    [],
    'what could not be asked is for log and metrics'
  )
  t.strictSame(await told(probes(), probes({ webhook: unanswered })), [])
  t.strictSame(await told(probes({ canary: fails }), probes()), ['Warning IdentityWebhookCanaryFails'])
  const away = probes({ webhook: unanswered })
  t.strictSame(
    await told(probes(), away, probes({ webhook: fails })),
    ['Normal SelfTestWebhookWorks'],
    'failed, was away, works'
  )
  t.strictSame(
    await told(probes({ webhook: fails }), away, probes({ webhook: fails })),
    [],
    'failed, was away, fails'
  )
})

t.test('what cannot be asked is known as it was, at each API server', async (t) => {
  const outcomes = (more: Readonly<Record<string, Proof>>): ReadonlyMap<string, Proof> =>
    new Map(Object.entries(more))
  const at = (canary: Readonly<Record<string, Proof>>, webhook: Proof, policy: Proof): Probes => ({
    canary: outcomes(canary),
    webhook: outcomes({ a: webhook }),
    policy: outcomes({ a: policy })
  })
  const before = at({ a: fails, gone: works }, works, fails)
  const asked = at({ a: unanswered, new: unanswered }, fails, unanswered)
  t.strictSame(lastKnownOf(asked, before), at({ a: fails, new: unanswered }, fails, fails))
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
