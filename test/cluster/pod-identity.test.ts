import { writeFileSync } from 'node:fs'
import t from 'tap'
import type { AccountName, AssociationSource } from '../../src/facts/facts.js'
import { known, moot } from '../../src/model/fact.js'
import { startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { runInProcess } from '../support/guard-in-process.js'
import {
  guardOptionsFor,
  kubectlWith,
  namespace,
  role,
  serviceAccount,
  standInWith,
  startTrustingIam
} from '../support/pod-cluster.js'

const controlPlane = await startControlPlane()
t.teardown(() => controlPlane.stop())
const kubectl = kubectlWith(controlPlane)
const iam = await startTrustingIam(controlPlane.issuer)
t.teardown(() => iam.close())

/** The service accounts to which the identity webhook gives container credentials. */
const identities = `${t.testdir()}/identities.json`
const webhookKnows = (...accounts: readonly AccountName[]): void =>
  writeFileSync(
    identities,
    JSON.stringify({
      identities: accounts.map(({ namespace, name }) => ({ namespace, serviceAccount: name }))
    })
  )
webhookKnows()
const webhook = await startIdentityWebhook(controlPlane, {
  command: standInWith(`${identities}.fault`),
  identities
})
t.teardown(() => webhook.stop())

/** The associations in EKS, and since when the guard has known each. */
const associations = new Map<string, Date | undefined>()
const eks: AssociationSource = {
  findAssociation: ({ namespace, name }) => {
    const key = `${namespace}/${name}`
    return known(
      associations.has(key)
        ? { exists: true as const, since: associations.get(key) }
        : { exists: false as const }
    )
  },
  readAssociation: ({ namespace, name }) =>
    associations.has(`${namespace}/${name}`)
      ? known({
          clusterName: 'blue',
          namespace,
          serviceAccount: name,
          roleArn: role,
          disableSessionTags: false
        })
      : moot('there is no association')
}
// The AWS SDK reads the environment of its own process, which is the test's.
Object.assign(process.env, guardOptionsFor(iam).env)
const guard = await startGuard(controlPlane, {
  run: async (process) => runInProcess(process, { associations: eks })
})
t.teardown(() => guard.stop())

const spaces = ['enforced', 'warned'] as const
const chains = ['irsa', 'agent', 'both', 'neither'] as const
type Chain = (typeof chains)[number]
const nameOf = (chain: Chain): string => `cart-${chain}`
const annotationsOf = (chain: Chain): Record<string, string> =>
  chain === 'irsa' || chain === 'both' ? { 'eks.amazonaws.com/role-arn': role } : {}
const associated = spaces.flatMap((space) =>
  (['agent', 'both'] as const).map((chain) => ({ namespace: space, name: nameOf(chain) }))
)

await kubectl('apply -f -', namespace('enforced', { 'irsa-guard.io/pods': 'enforce' }), namespace('warned'))
for (const space of spaces)
  for (const chain of chains)
    await kubectl('apply -f -', serviceAccount(space, nameOf(chain), annotationsOf(chain)))
for (const { namespace, name } of associated) associations.set(`${namespace}/${name}`, undefined)

const podSpec = (chain: Chain, more: object = {}, env: readonly object[] = []): object => ({
  serviceAccountName: nameOf(chain),
  containers: [{ name: 'app', image: 'a', env }],
  ...more
})
const labels = { app: 'cart' }
const workload = (kind: string, space: string, template: object): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'cart', namespace: space },
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: template } }
})
const pod = (space: string, chain: Chain, name = 'cart'): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: space },
  spec: podSpec(chain)
})
const onFargate = { nodeSelector: { 'eks.amazonaws.com/compute-type': 'fargate' } }
const behindProxy = [{ name: 'HTTP_PROXY', value: 'http://proxy.example:3128' }]

/** Each kind of object, and the rules that speak of it on each chain. */
const objects: readonly (readonly [
  string,
  (space: string, chain: Chain) => object,
  Partial<Record<Chain, readonly string[]>>
])[] = [
  [
    'service account',
    (space, chain) => serviceAccount(space, nameOf(chain), { ...annotationsOf(chain), team: 'shop' }),
    // This IAM has no OIDC provider, and its policy admits many accounts: that matters only to IRSA.
    { irsa: ['oidc-provider-missing', 'trust-subject-too-broad'], both: ['pod-identity-and-annotation'] }
  ],
  ['pod', pod, { agent: ['pod-not-mutated'], both: ['pod-not-mutated'] }],
  ['stateful set', (space, chain) => workload('StatefulSet', space, podSpec(chain)), {}],
  [
    'deployment on Fargate',
    (space, chain) => workload('Deployment', space, podSpec(chain, onFargate)),
    { agent: ['pod-identity-unsupported-node'], both: ['pod-identity-unsupported-node'] }
  ],
  [
    'daemon set behind a proxy',
    (space, chain) => workload('DaemonSet', space, podSpec(chain, {}, behindProxy)),
    { agent: ['pod-identity-proxy'], both: ['pod-identity-proxy'] }
  ]
]

const denied =
  /denied the request: pod enforced\/cart: pod-not-mutated: service account cart-agent has an EKS Pod Identity association/

t.test('a mixed cluster whose identity webhook knows no association', async (t) => {
  let count = 0
  for (const space of spaces) {
    for (const chain of chains) {
      for (const [what, objectOf, spoken] of objects) {
        const { code, stderr } = await kubectl('apply --dry-run=server -f -', objectOf(space, chain))
        const rules = spoken[chain] ?? []
        // A pod of the account with both chains still gets the annotated role, so it is never denied.
        const isDenied = space === 'enforced' && what === 'pod' && chain === 'agent'
        const warned = new Set([...stderr.matchAll(/^Warning: ([a-z-]+): /gm)].map(([, id]) => id))
        t.strictSame([...warned], isDenied ? [] : rules, `${what} in ${space}, ${chain}`)
        t.match(stderr, isDenied ? denied : /^(?!Error)/)
        t.equal(code, isDenied ? 1 : 0)
        count++
      }
    }
  }
  t.equal(count, 40)
})

/** What the first container of a pod got. */
const credentialsOf = async (space: string, chain: Chain): Promise<string> => {
  const { stdout } = await kubectl('create --dry-run=server -o json -f -', pod(space, chain))
  const names = [...stdout.matchAll(/"name": "(AWS_ROLE_ARN|AWS_CONTAINER_CREDENTIALS_FULL_URI)"/g)]
  return names.map(([, name]) => name).join(' ')
}

t.test('once it knows them, all pods get the credentials of their chain, in silence', async (t) => {
  webhookKnows(...associated)
  for (const space of spaces) {
    for (const chain of chains) {
      t.match(
        await kubectl('create --dry-run=server -f -', pod(space, chain)),
        { code: 0, stderr: /^$/ },
        chain
      )
      const expected = {
        irsa: 'AWS_ROLE_ARN',
        agent: 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
        both: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', // the association wins
        neither: ''
      }
      t.equal(await credentialsOf(space, chain), expected[chain], `${chain} in ${space}`)
    }
  }
})

t.test('the race between an association and a pod', async (t) => {
  webhookKnows()
  associations.set('enforced/cart-neither', new Date())
  t.match(
    await kubectl('create --dry-run=server -f -', pod('enforced', 'neither')),
    { code: 0, stderr: /^$/ },
    'within 60 seconds, the identity webhook may not know about the association yet'
  )
  associations.set('enforced/cart-neither', new Date(Date.now() - 61_000))
  t.match(
    await kubectl('create --dry-run=server -f -', pod('enforced', 'neither')),
    { code: 1, stderr: /pod-not-mutated: .*did not know about the association yet[^]*retries by itself/ },
    'after 60 seconds, it should'
  )

  t.match(
    await kubectl('apply -f -', workload('Deployment', 'enforced', podSpec('neither'))),
    { code: 0, stderr: /^$/ },
    'there is nothing wrong with the template'
  )
  const field = 'involvedObject.kind=ReplicaSet,reason=FailedCreate'
  t.match(
    await waitFor('the Event of the ReplicaSet', async () => {
      const events = await kubectl(
        `get events -n enforced --field-selector ${field} -o jsonpath={.items[0].message}`
      )
      return events.stdout || undefined
    }),
    /pod-not-mutated: service account cart-neither has an EKS Pod Identity association/
  )
  webhookKnows({ namespace: 'enforced', name: 'cart-neither' })
  const names = await waitFor(
    'the pod of the ReplicaSet',
    async () =>
      (
        await kubectl(
          'get pods -n enforced -l app=cart -o jsonpath={.items[0].spec.containers[0].env[*].name}'
        )
      ).stdout || undefined,
    60_000
  )
  t.match(names, /AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE/)
})
