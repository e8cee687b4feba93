import t from 'tap'
import type { Facts, GatheredNeed, Need, Sources } from '../../src/facts/facts.js'
import { gatherFacts } from '../../src/facts/gather.js'
import { defaultIdentityWebhook, withAudience } from '../../src/identity-webhook/settings.js'
import { type Fact, known, moot, unknown } from '../../src/model/fact.js'
import type { NamespaceSettings } from '../../src/model/namespace.js'
import { parseSubject, type Subject } from '../../src/model/subject.js'
import { buildObjectSources } from '../../src/sources/objects/objects.js'
import { accountOf, annotated } from '../support/accounts.js'
import { deploymentOf, podOf, role } from '../support/pods.js'
import { asks, issuer, policy, statement } from '../support/trust.js'

const deadline = new AbortController()
const subjectOf = (object: object): Subject => {
  const subject = parseSubject(object, { stage: 'source' })
  if (subject === undefined) throw new Error('not a subject')
  return subject
}
const gather = async (object: object, need: Need, sources: Sources = {}) =>
  (await gatherFacts(subjectOf(object), new Set([need]), sources, { deadline }))[need]

t.test('only what is needed is gathered', async (t) => {
  t.strictSame(await gatherFacts(subjectOf(podOf()), new Set(), {}, { deadline }), {})
})

t.test('a service account comes from the source', async (t) => {
  t.strictSame(await gather(podOf(), 'account'), unknown('no facts about service accounts were given'))
  const accounts = {
    readAccount: async (namespace: string, name: string) =>
      known({ exists: true as const, annotations: { asked: `${namespace}/${name}` } })
  }
  t.match(await gather(deploymentOf(), 'account', { accounts }), {
    value: { annotations: { asked: 'shop/cart' } }
  })
  t.match(await gather(accountOf(), 'account', { accounts }), { state: 'moot' })
})

t.test('what somebody said of the audience holds', async (t) => {
  const said = withAudience(defaultIdentityWebhook, 'vault')
  t.match(said, { defaultAudience: 'vault', isAudienceKnown: true })
  t.equal(withAudience(defaultIdentityWebhook, undefined), defaultIdentityWebhook)
})

t.test('the association of an object is known from the object itself', async (t) => {
  const association = {
    apiVersion: 'eks.services.k8s.aws/v1alpha1',
    kind: 'PodIdentityAssociation',
    metadata: { name: 'cart', namespace: 'ack-system' },
    spec: { clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart', roleARN: role }
  }
  t.match(await gather(association, 'associated'), { state: 'known', value: { exists: true } })
  t.match(await gather(association, 'association'), { state: 'known', value: { roleArn: role } })
  t.match(await gather(podOf(), 'association'), { state: 'moot' })
  const associations = buildObjectSources([subjectOf(association)], [association]).associationsWith(
    undefined,
    undefined
  )
  t.match(await gather(podOf(), 'association', { associations }), { value: { fromObject: true } })
  t.match(await gather(accountOf(), 'associated', { associations }), { value: { exists: true } })
})

t.test('the settings of the identity webhook are always known', async (t) => {
  t.strictSame(await gather(podOf(), 'identityWebhook'), known(defaultIdentityWebhook))
  const identityWebhook = { ...defaultIdentityWebhook, source: 'read' as const }
  t.strictSame(await gather(podOf(), 'identityWebhook', { identityWebhook }), known(identityWebhook))
})

t.test('a namespace that cannot be read enforces nothing', async (t) => {
  const answering = (namespace: Fact<NamespaceSettings>) => ({
    cluster: { readIssuer: async () => unknown('no'), readNamespace: async () => namespace }
  })
  const settings = { mode: undefined, allowedRoles: undefined }
  t.strictSame(await gather(podOf(), 'podsEnforced'), known(false))
  t.strictSame(await gather(podOf(), 'podsEnforced', answering(unknown('no'))), known(false))
  t.strictSame(
    await gather(podOf(), 'podsEnforced', answering(known({ ...settings, podsEnforced: true }))),
    known(true)
  )
})

t.test('trusting roles need the issuer', async (t) => {
  const trustingRoles = {
    rolesTrusting: ({ name }: { name: string }, issuer: string) => known([`${name} ${issuer}`])
  }
  t.match(await gather(accountOf(), 'rolesTrusting'), { state: 'moot' })
  t.strictSame(
    await gather(accountOf(), 'rolesTrusting', { trustingRoles }),
    unknown('the issuer of the cluster is not known (pass --issuer URL)')
  )
  t.strictSame(
    await gather(accountOf(), 'rolesTrusting', { trustingRoles, issuer: 'https://a.example' }),
    known(['cart https://a.example'])
  )
})

t.test('objects given together see each other', async (t) => {
  const sources = buildObjectSources(
    [accountOf(annotated), deploymentOf(), podOf({ serviceAccountName: 'default' }), podOf()].map(subjectOf),
    []
  )
  t.strictSame(await gather(podOf(), 'account', sources), known({ exists: true, annotations: annotated }))
  t.strictSame(
    await gather(podOf({ serviceAccountName: 'web' }), 'account', sources),
    unknown('service account shop/web is not among the given objects')
  )
  t.strictSame(
    await gather(accountOf(), 'neighbours', sources),
    known({
      asAccount: ['deployment shop/cart', 'pod shop/cart-0'],
      asDefault: ['pod shop/cart-0'],
      ownRoles: new Set()
    })
  )
  t.strictSame(
    await gather(accountOf({}, 'web'), 'neighbours', sources),
    known({ asAccount: [], asDefault: ['pod shop/cart-0'], ownRoles: new Set() })
  )
  t.match(await gather(accountOf(), 'neighbours'), { state: 'moot' })
})

const rolesNeeded = new Set(['role', 'provider', 'trust'] as const)

/** What is learnt of IAM for a service account of a namespace, and which roles were looked up. */
async function lookUp(namespace: Fact<NamespaceSettings>): Promise<{ facts: Facts; asked: string[] }> {
  const asked: string[] = []
  const iam = {
    readRole: async ({ text }: { text: string }) => {
      asked.push(text)
      return unknown('asked')
    },
    readProvider: async ({ account }: { account: string }) => {
      asked.push(account)
      return unknown('asked')
    }
  }
  const cluster = { readIssuer: async () => known('https://a.example'), readNamespace: async () => namespace }
  return {
    facts: await gatherFacts(subjectOf(accountOf(annotated)), rolesNeeded, { iam, cluster }, { deadline }),
    asked
  }
}

t.test('what the namespace may not use is never looked up', async (t) => {
  const settings = { mode: undefined, podsEnforced: false }
  const { facts, asked } = await lookUp(
    known({ ...settings, allowedRoles: ['arn:aws:iam::999999999999:role/*'] })
  )
  for (const need of rolesNeeded)
    t.strictSame(facts[need], moot('the namespace is not allowed to use the role'), need)
  t.strictSame(asked, [])
  t.equal((await lookUp(known({ ...settings, allowedRoles: ['*'] }))).asked.length, 2)
  t.equal((await lookUp(known({ ...settings, allowedRoles: undefined }))).asked.length, 2)
})

t.test('at admission, the path of a role of other namespaces is not shown', async (t) => {
  const named = (path: string): string => role.replace(/:role\/.*\//, `:role/${path}`)
  const pathSeen = async (
    stage: 'admitted' | 'source',
    found: string,
    trusted: string | undefined
  ): Promise<unknown> => {
    const subject = parseSubject(accountOf(annotated), { stage })
    if (subject === undefined) throw new Error('not a subject')
    const document = policy(statement({ Condition: asks({ sub: trusted }) }))
    const lookup = {
      exists: true as const,
      arn: found,
      ...(trusted !== undefined && { trustPolicy: { document, encoding: 'json' as const } })
    }
    const iam = { readRole: () => known(lookup), readProvider: () => unknown('not asked') }
    const { role: fact } = await gatherFacts(subject, ['role'], { iam, issuer }, { deadline })
    return fact?.state === 'known' && fact.value.exists ? fact.value.arn : fact
  }
  const [ours, others] = ['system:serviceaccount:shop:web', 'system:serviceaccount:billing:cart']
  const hidden = named('<another path>/')
  t.equal(await pathSeen('admitted', named('billing/'), others), hidden)
  t.equal(await pathSeen('admitted', named(''), others), hidden, 'a role without a path, too')
  t.equal(await pathSeen('admitted', named('billing/'), undefined), hidden, 'whose role it is is not known')
  t.equal(await pathSeen('admitted', named('billing/'), ours), named('billing/'))
  t.equal(await pathSeen('admitted', role, others), role)
  t.equal(await pathSeen('source', named('billing/'), others), named('billing/'))
})

t.test('nothing is looked up for a namespace that could not be read', async (t) => {
  const { facts, asked } = await lookUp(unknown('namespace shop could not be read'))
  const because = 'namespace shop could not be read, so the roles that the namespace may use are unknown'
  for (const need of rolesNeeded) t.strictSame(facts[need], unknown(because), need)
  t.strictSame(asked, [])
})

t.test('a namespace among the objects says what it allows', async (t) => {
  const namespace = (name: string, allowed: string): object => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, annotations: { 'irsa-guard.io/allowed-roles': allowed } }
  })
  const sources = buildObjectSources(
    [],
    [namespace('shop', 'a'), namespace('web', 'b'), { apiVersion: 'v1', kind: 'Namespace' }, null]
  )
  t.match(await gather(accountOf(), 'namespace', sources), { state: 'known', value: { allowedRoles: ['a'] } })
  t.strictSame(
    await gather(accountOf(), 'namespace', buildObjectSources([], [])),
    moot('namespace shop is not among the given objects')
  )
})

t.test(
  'service accounts of other namespaces are named to those who run a command, not at admission',
  async (t) => {
    const iam = {
      readRole: async () =>
        known({
          exists: true as const,
          arn: role,
          trustPolicy: { document: trusting, encoding: 'json' as const }
        }),
      readProvider: async () => unknown('no')
    }
    const trusting = policy(statement({ Condition: asks({ sub: 'system:serviceaccount:billing:invoices' }) }))
    const shown = async (stage: 'source' | 'admitted'): Promise<string> => {
      const subject = parseSubject(accountOf(annotated), { stage })
      if (subject === undefined) throw new Error('not a subject')
      return JSON.stringify(await gatherFacts(subject, new Set(['trust']), { iam, issuer }, { deadline }))
    }
    t.match(await shown('source'), /billing:invoices/)
    t.notMatch(await shown('admitted'), /billing|invoices/)
    t.match(await shown('admitted'), /"kind":"subject"/)
  }
)

t.test('each fact that rests on an answer of IAM carries the time of that answer', async (t) => {
  const readAt = new Date('2026-11-24T00:00:00Z')
  const answering = {
    readRole: () =>
      known(
        {
          exists: true as const,
          arn: role,
          trustPolicy: { document: policy(statement()), encoding: 'json' as const }
        },
        readAt
      ),
    readProvider: () => known({ registered: false as const, arn: 'a', similar: [] }, readAt)
  }
  const silent = { readRole: () => unknown('silent'), readProvider: () => unknown('silent') }
  const everyNeed: Readonly<Record<GatheredNeed, true>> = {
    role: true,
    provider: true,
    trust: true,
    clusterPartition: true,
    issuer: true,
    namespace: true,
    clusterCa: true,
    podsEnforced: true,
    account: true,
    podRole: true,
    identityWebhook: true,
    neighbours: true,
    ownIdentities: true,
    dataKeys: true,
    podsWithRole: true,
    rolesTrusting: true,
    identityWebhooks: true,
    backends: true,
    injectionSource: true,
    canary: true,
    associated: true,
    chain: true,
    podIdentityAgent: true,
    association: true,
    podIdentityRole: true,
    targetRole: true,
    podIdentityTrust: true,
    targetTrust: true
  }
  const needs = Object.keys(everyNeed) as GatheredNeed[]
  for (const stage of ['source', 'admitted'] as const) {
    const subject = parseSubject(accountOf(annotated), { stage })
    if (subject === undefined) throw new Error('not a subject')
    const [facts, without] = await Promise.all(
      [answering, silent].map(async (iam) => gatherFacts(subject, needs, { iam, issuer }, { deadline }))
    )
    const resting = needs.filter(
      (need) => without?.[need]?.state === 'unknown' && facts?.[need]?.state === 'known'
    )
    t.strictSame(resting, ['role', 'provider', 'trust'])
    for (const need of resting) t.match(facts?.[need], { readAt }, `${need}, ${stage}`)
  }
})
