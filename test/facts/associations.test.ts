import t from 'tap'
import type { AssociationSource, Need, Sources } from '../../src/facts/facts.js'
import { gatherFacts } from '../../src/facts/gather.js'
import type { Association, AssociationLookup } from '../../src/model/association.js'
import { type Fact, known, moot, unknown } from '../../src/model/fact.js'
import { parseSubject, type ServiceAccountSubject, type Subject } from '../../src/model/subject.js'
import { accountOf, annotated } from '../support/accounts.js'
import { agentContainer, agentVolume, deploymentOf, podOf, role } from '../support/pods.js'
import { issuer, policy, statement } from '../support/trust.js'

const deadline = new AbortController()
const subjectOf = (object: object): Subject => {
  const subject = parseSubject(object, { stage: 'source' })
  if (subject === undefined) throw new Error('not a subject')
  return subject
}
const gather = async (subject: Subject, needs: readonly Need[], sources: Sources) =>
  gatherFacts(subject, needs, sources, { deadline })
const one = async (object: object, need: Need, sources: Sources) =>
  (await gather(subjectOf(object), [need], sources))[need]

/** A source that knows one answer, and the accounts that it was asked about. */
function answering(
  lookup: Fact<AssociationLookup>,
  { late = false } = {}
): { associations: AssociationSource; asked: string[] } {
  const asked: string[] = []
  const association: Association = {
    clusterName: 'blue',
    namespace: 'shop',
    serviceAccount: 'cart',
    roleArn: role,
    disableSessionTags: false
  }
  return {
    asked,
    associations: {
      findAssociation: ({ namespace, name }) => {
        asked.push(`${namespace}/${name}`)
        return late ? Promise.resolve(lookup) : lookup
      },
      readAssociation: () => known(association)
    }
  }
}
const readAt = new Date('2026-11-23T23:59:55Z')
const exists = known<AssociationLookup>({ exists: true, since: undefined }, readAt)
const absent = known<AssociationLookup>({ exists: false }, readAt)
const refused = unknown('EKS refused the request')

t.test('the source is asked about the account that an object is or runs as', async (t) => {
  const { associations, asked } = answering(exists)
  for (const object of [accountOf(), podOf(), deploymentOf({ serviceAccountName: 'web' })])
    t.strictSame(await one(object, 'associated', { associations }), exists)
  t.strictSame(asked, ['shop/cart', 'shop/cart', 'shop/web'])
  t.match(await one(accountOf(), 'association', { associations }), { value: { roleArn: role } })
})

t.test('the source is not asked where there is nothing to ask', async (t) => {
  const { associations, asked } = answering(exists)
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }
  for (const need of ['associated', 'association', 'chain'] as const)
    t.strictSame(await one(namespace, need, { associations }), moot('the object has no service account'))
  t.strictSame(await one(accountOf(), 'associated', {}), moot('EKS Pod Identity associations were not given'))
  const nowhere = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'cart' } }
  t.match(await one(nowhere, 'associated', { associations }), { state: 'unknown', because: /no namespace/ })
  t.match(await one(accountOf({}, 'cart-'), 'associated', { associations }), {
    state: 'unknown',
    because: /name of the service account is not known yet/
  })
  const own: ServiceAccountSubject = {
    kind: 'ServiceAccount',
    stage: 'source',
    namespace: 'shop',
    name: 'cart',
    annotations: {},
    ownToken: 'with-audience'
  }
  t.match((await gather(own, ['associated'], { associations })).associated, {
    state: 'moot',
    because: /^AWS SDKs prefer the role and token of a pod template to/
  })
  t.strictSame(asked, [])
})

const trusting = (...services: readonly string[]): Sources => ({
  issuer,
  iam: {
    readRole: () =>
      known(
        {
          exists: true as const,
          arn: role,
          trustPolicy: {
            document: policy(statement({ Principal: { Service: services }, Action: 'sts:AssumeRole' })),
            encoding: 'json' as const
          }
        },
        new Date('2026-11-24T00:00:00Z')
      ),
    readProvider: () => known({ registered: false as const, arn: 'a', similar: [] })
  }
})
const irsaNeeds = ['role', 'trust', 'provider'] as const

t.test('the facts of IRSA do not matter where an association wins', async (t) => {
  for (const late of [false, true]) {
    const { associations } = answering(exists, { late })
    const facts = await gather(subjectOf(accountOf(annotated)), irsaNeeds, {
      ...trusting('pods.eks.amazonaws.com'),
      associations
    })
    for (const need of irsaNeeds)
      t.match(
        facts[need],
        { state: 'moot', because: /association, which wins over its role annotation$/ },
        need
      )
  }
})

t.test('while associations are not known, EKS Pod Identity may give the role', async (t) => {
  for (const late of [false, true]) {
    const { associations } = answering(refused, { late })
    const facts = await gather(subjectOf(accountOf(annotated)), irsaNeeds, {
      ...trusting('pods.eks.amazonaws.com'),
      associations
    })
    t.match(facts.trust, { state: 'known', value: { podIdentity: 'only', verdict: 'denied' } })
    t.match(facts.provider, { state: 'moot' })
  }
})

t.test('without an association, a role that trusts EKS Pod Identity trusts nobody', async (t) => {
  for (const late of [false, true]) {
    const { associations } = answering(absent, { late })
    const facts = await gather(subjectOf(accountOf(annotated)), irsaNeeds, {
      ...trusting('pods.eks.amazonaws.com'),
      associations
    })
    t.match(
      facts.trust,
      { value: { hasAssociation: false, verdict: 'denied' }, readAt },
      'the older of both answers'
    )
    t.match(facts.provider, { state: 'moot' }, 'one mistake, one finding')
  }
  const { associations } = answering(known({ exists: false }))
  const facts = await gather(subjectOf(accountOf(annotated)), ['trust'], {
    ...trusting('pods.eks.amazonaws.com'),
    associations
  })
  t.match(facts.trust, { value: { hasAssociation: false }, readAt: new Date('2026-11-24T00:00:00Z') })
})

t.test("a pod's role is that of the association, even if its account is not known", async (t) => {
  const { associations } = answering(exists)
  const pod = podOf({ containers: [agentContainer('app')], volumes: [agentVolume] })
  t.match(await one(pod, 'podRole', { associations }), {
    value: { chain: 'pod-identity', containers: [{ credentials: { kind: 'endpoint' } }] },
    readAt
  })
  t.match(await one(pod, 'ownIdentities', { associations }), { value: [] })
})

t.test('the chain is always known, at least that it is not', async (t) => {
  const accounts = { readAccount: () => known({ exists: true as const, annotations: annotated }) }
  const chainOf = async (object: object, sources: Sources): Promise<unknown> => {
    const chain = await one(object, 'chain', sources)
    return chain?.state === 'known' && 'value' in chain ? chain.value : chain
  }
  t.match(await chainOf(accountOf(annotated), {}), { chain: 'unknown' })
  t.match(await chainOf(accountOf(annotated), answering(absent)), { chain: 'irsa' })
  t.match(await chainOf(accountOf(annotated), answering(exists)), { chain: 'pod-identity' })
  t.match(await chainOf(deploymentOf(), { accounts, ...answering(absent, { late: true }) }), {
    chain: 'irsa'
  })
  t.match(await chainOf(deploymentOf(), answering(absent)), { chain: 'unknown', because: /no facts about/ })
  t.match(await chainOf(podOf(), { accounts, ...answering(exists) }), { chain: 'pod-identity' }, 'a manifest')
})

t.test('the agent is known only from a dump', async (t) => {
  t.match(await one(accountOf(), 'podIdentityAgent', {}), { state: 'moot' })
  t.strictSame(await one(accountOf(), 'podIdentityAgent', { podIdentityAgent: false }), known(false))
})
