import t from 'tap'
import type { Sources } from '../../src/facts/facts.js'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { evaluatePodIdentityTrust } from '../../src/library/index.js'
import type { AccountPlan, MigrationPlan } from '../../src/migration/migration-plan.js'
import { type MigrationContext, planMigration } from '../../src/migration/plan.js'
import type { Association } from '../../src/model/association.js'
import { known, moot, unknown } from '../../src/model/fact.js'
import { loadSnapshots } from '../../src/sources/iam-file/snapshot.js'
import { accountOf, annotated } from '../support/accounts.js'
import { cluster, clusterArn, one, own, podStatement, targetArn } from '../support/pod-identity.js'
import {
  agentContainer,
  agentVolume,
  deploymentOf,
  fileEnv,
  injectedContainer,
  injectedPod,
  podOf,
  role,
  roleEnv,
  tokenVolume
} from '../support/pods.js'
import { asks, host, policy, statement } from '../support/trust.js'

const federated = `arn:aws:iam::111122223333:oidc-provider/${host}`
/** A trust policy for IRSA only. */
const irsa = policy(
  statement({
    Principal: { Federated: federated },
    Condition: asks({ sub: 'system:serviceaccount:shop:cart' })
  })
)
const open = podStatement() // as eksctl adds it
const both = policy((irsa as { Statement: object[] }).Statement[0], podStatement({ Condition: own() }))

interface Given {
  readonly trust?: object
  readonly associations?: readonly Partial<Association>[]
  readonly sources?: Sources
  readonly context?: Partial<MigrationContext>
}

/** A plan in which all pods and associations of the cluster are known, unless something else is given. */
async function planOf(
  objects: readonly unknown[],
  { trust = irsa, associations = [], sources = {}, context = {} }: Given = {}
): Promise<MigrationPlan> {
  const { iam } = loadSnapshots([
    {
      file: 'iam.json',
      content: {
        apiVersion: 'irsa-guard.io/v1',
        kind: 'IamSnapshot',
        accounts: ['111122223333'],
        roles: [{ arn: role, trustPolicy: trust }]
      }
    }
  ])
  const found = ({ namespace, name }: { namespace: string; name: string }) =>
    associations.find((each) => (each.namespace ?? 'shop') === namespace && each.serviceAccount === name)

  return planMigration(objects, {
    cluster,
    tool: 'aws',
    kubectl: 'kubectl',
    defaultNamespace: undefined,
    isSelected: () => true,
    isComplete: true,
    unread: [],
    at: new Date('2026-11-27T00:00:00Z'),
    deadline: new AbortController(),
    ...context,
    sourcesWith: (together) => ({
      ...together,
      iam,
      identityWebhook: defaultIdentityWebhook,
      associations: {
        findAssociation: (account) =>
          known(found(account) === undefined ? { exists: false } : { exists: true, since: undefined }),
        readAssociation: (account) => {
          const association = found(account)
          return association === undefined
            ? moot('none')
            : known({
                clusterName: 'prod',
                namespace: 'shop',
                serviceAccount: 'cart',
                roleArn: role,
                disableSessionTags: false,
                ...association
              })
        }
      },
      ...sources
    })
  })
}

const stepsOf = ({ accounts: [account] }: MigrationPlan): readonly string[] | undefined =>
  account?.steps.map(({ step }) => step)
const commandsOf = ({ accounts: [account] }: MigrationPlan, step: string): readonly string[] | undefined =>
  account?.steps.find((each) => each.step === step)?.commands

const cart = accountOf(annotated)
/** An object as the API server returns it. */
const stored = (object: object, metadata: object = {}, more: object = {}): object => {
  const each = object as { metadata: object }
  return { ...object, ...more, metadata: { ...each.metadata, uid: '1', ...metadata } }
}
const ownedBy = (kind: string, name: string): object => ({
  ownerReferences: [{ kind, name, controller: true }]
})
const replicaSet = {
  ...deploymentOf(),
  kind: 'ReplicaSet',
  metadata: { name: 'cart-1', namespace: 'shop', ...ownedBy('Deployment', 'cart') }
}
const irsaPod = stored(injectedPod('app'), ownedBy('ReplicaSet', 'cart-1'))
const agentPod = stored(
  podOf({ containers: [agentContainer('app')], volumes: [agentVolume] }),
  ownedBy('ReplicaSet', 'cart-1')
)

t.test('an account that can move: every step, in order', async (t) => {
  const plan = await planOf([cart, deploymentOf(), replicaSet, irsaPod])
  t.match(plan, {
    cluster: clusterArn,
    steps: [],
    accounts: [{ namespace: 'shop', name: 'cart', role, state: 'can-move', because: [] }]
  })
  t.strictSame(stepsOf(plan), ['trust-policy', 'association', 'new-pods', 'check', 'annotation'])
  t.strictSame(commandsOf(plan, 'new-pods'), ['kubectl rollout restart deployment/cart -n shop'])
  t.match(commandsOf(plan, 'association'), [/^aws eks create-pod-identity-association .* --role-arn arn:/])
  t.strictSame(commandsOf(plan, 'annotation'), [
    'kubectl annotate serviceaccount cart -n shop eks.amazonaws.com/role-arn-'
  ])

  const { document, commands } = plan.accounts[0]?.steps[0] ?? {}
  t.match(document, { Statement: [(irsa as { Statement: object[] }).Statement[0], {}] }, 'IRSA stays')
  const [, written = ''] = /--policy-document '(.*)'$/.exec(commands?.[0] ?? '') ?? []
  t.strictSame(JSON.parse(written), document)
  for (const [serviceAccount, verdict] of [
    ['cart', 'allowed'],
    ['web', 'denied']
  ] as const)
    t.match(evaluatePodIdentityTrust({ document, clusterArn, namespace: 'shop', serviceAccount }), {
      verdict
    })
})

t.test('what is done already is left out', async (t) => {
  const objects = [cart, deploymentOf(), replicaSet]
  const associations = [{ serviceAccount: 'cart' }]
  const table: readonly (readonly [string, readonly object[], Given, readonly string[], string])[] = [
    [
      'the policy',
      [irsaPod],
      { trust: both },
      ['association', 'new-pods', 'check', 'annotation'],
      'can-move'
    ],
    [
      'eksctl, before the association',
      [irsaPod],
      { trust: policy((irsa as { Statement: object[] }).Statement[0], open) },
      ['association', 'new-pods', 'check', 'annotation'],
      'can-move'
    ],
    [
      'eksctl at its end: it starts no new pods',
      [irsaPod],
      { trust: policy(open, open), associations },
      ['new-pods', 'check', 'annotation'],
      'can-move'
    ],
    [
      'some pods are new',
      [agentPod, stored(injectedPod('app'), { name: 'b', ...ownedBy('ReplicaSet', 'cart-1') })],
      { trust: both, associations },
      ['new-pods', 'check', 'annotation'],
      'can-move'
    ],
    [
      'an association whose role lost its trust',
      [agentPod],
      { associations },
      ['trust-policy', 'annotation'],
      'can-move'
    ],
    ['all pods are new', [agentPod], { trust: both, associations }, ['annotation'], 'moved'],
    [
      'an old pod is about to go',
      [agentPod, stored(injectedPod('app'), { name: 'b', deletionTimestamp: '2026-11-27T00:00:00Z' })],
      { trust: both, associations },
      ['annotation'],
      'moved'
    ],
    ['there are no pods', [], { trust: both, associations }, ['annotation'], 'moved'],
    ['there are no pods yet', [], { trust: both }, ['association', 'annotation'], 'can-move'],
    [
      'a file describes the association',
      [],
      { associations: [{ serviceAccount: 'cart', fromObject: true }], context: { isComplete: false } },
      ['trust-policy', 'association', 'new-pods', 'check', 'annotation'],
      'can-move'
    ],
    [
      'files do not show the pods',
      [],
      { trust: both, associations, context: { isComplete: false } },
      ['new-pods', 'check', 'annotation'],
      'can-move'
    ],
    [
      'files do not show all pods',
      [agentPod],
      { trust: both, associations, context: { isComplete: false } },
      ['new-pods', 'check', 'annotation'],
      'can-move'
    ]
  ]
  for (const [why, pods, given, steps, state] of table) {
    const plan = await planOf([...objects, ...pods], given)
    t.strictSame(stepsOf(plan), steps, why)
    t.equal(plan.accounts[0]?.state, state, why)
  }
})

t.test('service accounts that share a role get one policy for all', async (t) => {
  const plan = await planOf([cart, accountOf(annotated, 'web'), accountOf(annotated, 'mail')], {
    trust: both
  })
  const byName = Object.fromEntries(plan.accounts.map((account) => [account.name, account]))
  const document = byName['web']?.steps[0]?.document
  t.equal(document, byName['mail']?.steps[0]?.document)
  t.match(byName['web']?.steps[0]?.message, /the same update as for shop\/mail/)
  t.match(byName['cart']?.steps[0]?.step, 'association', 'it is trusted already')
  for (const serviceAccount of ['cart', 'web', 'mail'])
    t.match(evaluatePodIdentityTrust({ document, clusterArn, namespace: 'shop', serviceAccount }), {
      verdict: 'allowed'
    })
  t.match(evaluatePodIdentityTrust({ document, clusterArn, namespace: 'shop', serviceAccount: 'x' }), {
    verdict: 'denied'
  })
})

t.test('accounts that cannot move, and why', async (t) => {
  const onFargate = { nodeSelector: { 'eks.amazonaws.com/compute-type': 'fargate' } }
  const ownIdentity = {
    containers: [{ name: 'app', env: [{ ...roleEnv, value: role }, fileEnv] }],
    volumes: [tokenVolume]
  }
  const proxy = { containers: [{ name: 'app', env: [{ name: 'HTTP_PROXY', value: 'http://proxy:1' }] }] }
  const keys = {
    containers: [
      {
        name: 'app',
        env: [
          { name: 'AWS_ACCESS_KEY_ID', value: 'a' },
          { name: 'AWS_SECRET_ACCESS_KEY', value: 'b' }
        ]
      }
    ]
  }
  const fargateLabel = { labels: { 'eks.amazonaws.com/fargate-profile': 'shop' } }
  const table: readonly (readonly [string, readonly object[], Given, object])[] = [
    [
      'its template selects Fargate',
      [cart, deploymentOf(onFargate)],
      {},
      { rule: 'pod-identity-unsupported-node', objects: ['deployment shop/cart'] }
    ],
    [
      'a Fargate profile caught its pods',
      [cart, deploymentOf(), replicaSet, stored(irsaPod, fargateLabel)],
      {},
      {
        rule: 'pod-identity-unsupported-node',
        message: 'its pods run on AWS Fargate, where no EKS Pod Identity Agent can run',
        objects: ['deployment shop/cart']
      }
    ],
    [
      'its template has an identity of its own',
      [cart, deploymentOf(ownIdentity)],
      {},
      { rule: 'mutation-preempted', fix: /from the template$/ }
    ],
    [
      'its template has an access key',
      [cart, deploymentOf(keys)],
      {},
      { rule: 'static-credentials-shadow-role', fix: /from the container$/ }
    ],
    ['its template has a proxy', [cart, deploymentOf(proxy)], {}, { rule: 'pod-identity-proxy' }],
    [
      'a running pod that IRSA mutated has a proxy',
      [
        cart,
        stored(
          podOf({
            containers: [
              {
                ...injectedContainer('app'),
                env: [roleEnv, fileEnv, { name: 'HTTP_PROXY', value: 'http://proxy:1' }]
              }
            ],
            volumes: [tokenVolume]
          })
        )
      ],
      {},
      { rule: 'pod-identity-proxy', objects: ['pod shop/cart-0'] }
    ],
    [
      'no role',
      [accountOf({ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:policy/cart' })],
      {},
      { rule: 'role-arn-malformed' }
    ],
    ['no text', [accountOf({ 'eks.amazonaws.com/role-arn': 7 })], {}, { rule: 'role-arn-malformed' }],
    [
      'the role does not exist',
      [accountOf({ 'eks.amazonaws.com/role-arn': `${role}s` })],
      {},
      { rule: 'role-missing' }
    ],
    [
      'the namespace may not use the role',
      [
        cart,
        {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: 'shop', annotations: { 'irsa-guard.io/allowed-roles': 'none' } }
        }
      ],
      {},
      { rule: 'role-not-permitted-in-namespace' }
    ],
    [
      'the role is in another account',
      [accountOf({ 'eks.amazonaws.com/role-arn': targetArn })],
      {},
      { message: /is in AWS account 444455556666, but/, fix: /target role/ }
    ],
    [
      'the role is in another partition',
      [accountOf({ 'eks.amazonaws.com/role-arn': 'arn:aws-cn:iam::111122223333:role/cart' })],
      {},
      { message: /is in partition aws-cn, but/, fix: /^use a role in account 111122223333$/ }
    ],
    [
      'a Deny',
      [cart],
      { trust: policy(podStatement(), podStatement({ Effect: 'Deny' })) },
      { rule: 'trust-explicit-deny', fix: /^(?!give)/ }
    ],
    [
      'no safe edit',
      [cart],
      { trust: one({ Condition: { StringNotEquals: { 'aws:RequestTag/kubernetes-namespace': 'shop' } } }) },
      { rule: 'pod-identity-tag-mismatch', fix: /^give the service account a role of its own/ }
    ],
    [
      'another role by its association',
      [cart],
      { associations: [{ serviceAccount: 'cart', roleArn: `${role}-2` }] },
      { message: /has an association with another role, arn:aws:iam::111122223333:role\/cart-2, so/ }
    ]
  ]
  for (const [why, objects, given, reason] of table) {
    const { accounts, notes } = await planOf(objects, given)
    t.match(accounts, [{ state: 'cannot-move', because: [reason], steps: [] }], why)
    t.strictSame(notes, [], why)
  }
})

t.test('what was waived does not keep an account from moving', async (t) => {
  const waived = deploymentOf({
    containers: [{ name: 'app', env: [{ name: 'HTTP_PROXY', value: 'http://proxy:1' }] }]
  }) as { metadata: object }
  const annotations = { 'ignore.irsa-guard.io/pod-identity-proxy': 'the proxy exempts link-local addresses' }
  const plan = await planOf([cart, { ...waived, metadata: { ...waived.metadata, annotations } }])
  t.match(plan.accounts, [{ state: 'can-move' }])
})

t.test('what is unknown', async (t) => {
  const fails = {
    findAssociation: () => unknown('EKS refused'),
    readAssociation: () => unknown('EKS refused')
  }
  const exists = { ...fails, findAssociation: () => known({ exists: true, since: undefined } as const) }
  const table: readonly (readonly [string, readonly object[], Given, string])[] = [
    ['no IAM', [cart], { sources: { iam: undefined } }, 'no facts about IAM were given'],
    ['no list of associations', [cart], { sources: { associations: fails } }, 'EKS refused'],
    ['no description', [cart], { sources: { associations: exists } }, 'EKS refused'],
    [
      'an association that refers to a role',
      [cart],
      { associations: [{ serviceAccount: 'cart', roleArn: undefined }] },
      'the ARN is unknown'
    ],
    ['pods were not read', [cart], { context: { unread: ['pods could not be read'] } }, 'pods could not'],
    [
      'a policy that depends on the request',
      [cart],
      { trust: one({ Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } }) },
      'aws:SourceIp'
    ],
    ['no trust policy', [cart], { sources: { iam: withoutPolicy } }, 'the trust policy of role'],
    [
      'no namespace',
      [{ ...cart, metadata: { name: 'cart', annotations: annotated } }],
      {},
      'the manifest names no namespace'
    ],
    ['not a name', [accountOf(annotated, 'a;b')], {}, 'shop/a;b is not a valid name'],
    [
      'a bare name',
      [accountOf({ 'eks.amazonaws.com/role-arn': 'cart' })],
      { sources: { identityWebhook: { ...defaultIdentityWebhook, composeRoleArn: true } } },
      'the annotation is "cart", from which the identity webhook builds an ARN'
    ]
  ]
  for (const [why, objects, given, because] of table) {
    const { accounts } = await planOf(objects, given)
    t.match(accounts, [{ state: 'unknown', because: [{ message: because }], steps: [] }], why)
  }
})

const withoutPolicy: NonNullable<Sources['iam']> = {
  readRole: ({ text }) => known({ exists: true, arn: text }),
  readProvider: () => unknown('not asked')
}

t.test('without a list of associations, the plan says what EKS would answer', async (t) => {
  const { accounts } = await planOf([cart], { sources: { associations: undefined } })
  t.match(accounts, [{ state: 'can-move', notes: [/ResourceInUseException/] }])
})

t.test('an association with the annotated role as its target role', async (t) => {
  const account = accountOf({ 'eks.amazonaws.com/role-arn': targetArn })
  const associations = [{ serviceAccount: 'cart', targetRoleArn: targetArn }]
  const iamWith = (target: object): NonNullable<Sources['iam']> => ({
    ...withoutPolicy,
    readRole: ({ text }) =>
      known({
        exists: true,
        arn: text,
        trustPolicy: { document: text === targetArn ? target : both, encoding: 'json' }
      })
  })
  const trusting = policy(podStatement({ Principal: { AWS: role } }))
  t.match((await planOf([account], { associations, sources: { iam: iamWith(trusting) } })).accounts, [
    { state: 'moved', role: targetArn }
  ])
  t.match((await planOf([account], { associations, sources: { iam: iamWith(both) } })).accounts, [
    { state: 'cannot-move', because: [{ rule: 'pod-identity-target-untrusted' }] }
  ])
  t.match((await planOf([account], { associations, sources: { iam: undefined } })).accounts, [
    { state: 'unknown' }
  ])
})

t.test('only annotated and selected accounts are planned, each once, by name', async (t) => {
  const names = ({ accounts }: { accounts: readonly AccountPlan[] }): string[] =>
    accounts.map(({ name }) => name)
  const objects = [
    accountOf(annotated, 'b'),
    accountOf(annotated, 'a'),
    accountOf(annotated, 'a'),
    accountOf({}, 'c'),
    accountOf({ 'eks.amazonaws.com/role-arn': '' }, 'd')
  ]
  t.strictSame(names(await planOf(objects)), ['a', 'b'])
  t.strictSame(names(await planOf(objects, { context: { isSelected: ({ name }) => name === 'b' } })), ['b'])
})

t.test('how pods are replaced depends on what creates them', async (t) => {
  const template = (deploymentOf() as { spec: object }).spec
  const workload = (kind: string, spec: object = template, metadata: object = {}): object => ({
    apiVersion: ['CronJob', 'Job'].includes(kind) ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { name: kind.toLowerCase(), namespace: 'shop', ...metadata },
    spec
  })
  const plan = await planOf(
    [
      cart,
      workload('StatefulSet'),
      workload('DaemonSet', { ...template, updateStrategy: { type: 'OnDelete' } }),
      workload('CronJob', { jobTemplate: { spec: template } }),
      workload('Job'),
      workload('ReplicaSet'),
      podOf(),
      stored(injectedPod('app'), { name: 'bare' }),
      stored(injectedPod('app'), { name: 'far', ...ownedBy('Rollout', 'far') })
    ],
    { trust: both, context: { isComplete: false, kubectl: 'kubectl --context prod' } }
  )
  t.strictSame(commandsOf(plan, 'new-pods'), [
    'kubectl --context prod rollout restart statefulset/statefulset -n shop'
  ])
  const message = plan.accounts[0]?.steps.find(({ step }) => step === 'new-pods')?.message ?? ''
  t.strictSame(message.split('; '), [
    'at least a minute after the association was created, replace the pods',
    'daemonset shop/daemonset: let it replace its pods, or delete them one after the other',
    'cronjob shop/cronjob: its next run gets the role',
    'job shop/job: let it finish, or delete it and create it again',
    'replicaset shop/replicaset: let it replace its pods, or delete them one after the other',
    'pod shop/cart-0: create it after that',
    'pod shop/bare: delete it and create it again',
    'rollout shop/far: let it replace its pods, or delete them one after the other'
  ])
})

t.test('a workload that belongs to a custom resource is restarted itself', async (t) => {
  const owned = deploymentOf() as { metadata: object }
  const plan = await planOf(
    [cart, { ...owned, metadata: { ...owned.metadata, ...ownedBy('Shop', 'main') } }, replicaSet, irsaPod],
    { trust: both }
  )
  t.strictSame(commandsOf(plan, 'new-pods'), ['kubectl rollout restart deployment/cart -n shop'])
})

t.test('owners that own each other', async (t) => {
  const ring = (name: string, owner: string): object => ({
    ...deploymentOf(),
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'shop', ...ownedBy('Job', owner) }
  })
  const plan = await planOf([cart, ring('a', 'b'), ring('b', 'a')], { trust: both })
  t.match(plan.accounts, [{ state: 'can-move' }])
})

t.test('the agent comes first where it is missing', async (t) => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', uid: '2' } }
  const dns = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'dns', namespace: 'kube-system' }
  }
  const plan = await planOf([cart, node, dns])
  t.match(plan.steps, [
    { step: 'agent', commands: [/^aws eks create-addon .*agent$/, /^kubectl rollout status /] }
  ])
  t.notMatch(plan.notes.join(), /is not known/)
  t.match(await planOf([cart]), {
    steps: [],
    notes: [/^it is unknown whether the EKS Pod Identity Agent runs/]
  })
})

t.test('remarks on what changes for the role', async (t) => {
  const account = accountOf({ ...annotated, 'eks.amazonaws.com/audience': 'mine' })
  t.match((await planOf([account], { trust: policy(open) })).accounts, [
    {
      notes: [
        /^every association in AWS account 111122223333 can use role cart/,
        /^its tokens have an audience of their own/
      ]
    }
  ])
})
