import t from 'tap'
import { diagnosisOf } from '../../src/diagnosis/diagnose.js'
import type { Permission } from '../../src/diagnosis/observations.js'
import { known, unknown } from '../../src/model/fact.js'
import {
  agentSpec,
  diagnosed,
  injectedSpec,
  irsa,
  observed,
  podIdentity,
  unchanged,
  type World
} from '../support/diagnosed.js'
import { targetArn } from '../support/pod-identity.js'
import { annotation } from '../support/trust.js'

const nodeRole = 'arn:aws:iam::111122223333:role/eks-node'
const awsAuth = (mapRoles: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'aws-auth', namespace: 'kube-system' },
  data: { mapRoles }
})
const nodes = `- rolearn: ${nodeRole}\n  groups: [system:bootstrappers, system:nodes]\n- rolearn: arn:aws:iam::111122223333:role/admin\n  groups: [system:masters]\n`
const bare = (world: World, spec: object, ...others: readonly object[]): World => ({
  ...world,
  admit: unchanged,
  pod: {
    metadata: {},
    status: { phase: 'Running' },
    spec: { serviceAccountName: 'cart', nodeName: 'node-1', containers: [{ name: 'app' }], ...spec }
  },
  others
})
const node = (parts: object): World => ({
  ...bare(irsa, { nodeName: 'node-2' }),
  others: [{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-2', labels: {} }, ...parts }]
})

t.test('says as whom a pod runs', async (t) => {
  const works = await diagnosed(irsa)
  t.equal(works.runsAs, annotation)
  t.equal(works.headline, `shop/cart-1-x runs as ${annotation}`)
  t.equal(works.pod, 'cart-1-x')
  t.equal((await diagnosed(irsa, 'pod/cart-1-x')).pod, undefined)
  t.equal((await diagnosed(podIdentity)).runsAs, annotation)

  const denied = await diagnosed({ ...irsa, iam: { ...irsa.iam, roles: [] } })
  t.equal(denied.runsAs, undefined)
  t.equal(denied.headline, `shop/cart-1-x asks for ${annotation}, but does not get it; first wrong: role`)

  const unread = await diagnosed({ ...irsa, iam: { accounts: ['444455556666'] } })
  t.equal(unread.runsAs, undefined)
  t.match(unread.headline, /is set up to run as \S+; could not tell: provider, role, trust policy$/)

  const pending = await diagnosed({ ...irsa, pod: undefined })
  t.equal(pending.headline, `deployment shop/cart is set up to run as ${annotation}`)
  const nothing = await diagnosed(bare({ ...irsa, annotations: {}, iam: { ...irsa.iam, roles: [] } }, {}))
  t.match(nothing.headline, /has no AWS role; first wrong: annotation$/)
  const chained = await diagnosed({
    ...podIdentity,
    iam: {
      ...podIdentity.iam,
      associations: [
        {
          clusterName: 'prod',
          namespace: 'shop',
          serviceAccount: 'cart',
          roleArn: annotation,
          targetRoleArn: targetArn
        }
      ]
    }
  })
  t.equal(chained.runsAs, undefined, 'the target role is not known')
  const nobody = await diagnosed(
    { ...irsa, accounts: [], pod: undefined, refused: /serviceaccounts/ },
    'deploy/cart'
  )
  t.match(nobody.headline, /serviceaccounts\/cart could not be read/)
})

t.test('says whether a pod without credentials uses the role of its node', async (t) => {
  const host = await diagnosed(bare(irsa, { hostNetwork: true }, awsAuth(nodes)))
  t.equal(host.runsAs, nodeRole)
  t.equal(
    host.headline,
    `shop/cart-1-x runs as ${nodeRole}, the role of its node; first wrong: identity webhook`
  )
  t.match(host.steps.at(-1), { step: 'node-role', state: 'follows', because: 'identity-webhook' })

  const several = await diagnosed(
    bare(
      irsa,
      { hostNetwork: true },
      awsAuth(`${nodes}- {rolearn: 'arn:aws:iam::1:role/b', groups: [system:nodes]}`)
    )
  )
  t.equal(several.runsAs, undefined)
  t.match(several.steps.at(-1)?.message, /go out as the role of the node/)
  for (const text of ['{', 'a: *b', 'groups'])
    t.equal((await diagnosed(bare(irsa, { hostNetwork: true }, awsAuth(text)))).runsAs, undefined)

  const fargate = await diagnosed(
    node({ metadata: { name: 'node-2', labels: { 'eks.amazonaws.com/compute-type': 'fargate' } } })
  )
  t.match(fargate.steps.at(-1), { state: 'ok', message: /out of reach: AWS Fargate/ })
  const instance = await diagnosed(node({ spec: { providerID: 'aws:///us-east-1a/i-0123456789abcdef0' } }))
  t.match(instance.steps.at(-1), {
    state: 'unknown',
    because: /aws ec2 describe-instances --instance-ids i-0123456789abcdef0 /
  })
  const gone = await diagnosed(bare(irsa, { nodeName: 'node-9' }))
  t.match(gone.steps.at(-1), { state: 'unknown', because: 'the hop limit of the node is not known' })
  const unscheduled = await diagnosed(bare(irsa, { nodeName: undefined }))
  t.match(unscheduled.steps.at(-1), { because: 'the pod is not on a node yet' })
  const strange = await diagnosed(bare(irsa, { nodeName: '../x' }))
  t.match(strange.steps.at(-1), { state: 'unknown' })
})

t.test('knows that EKS Auto Mode has an agent', async (t) => {
  const { steps } = await diagnosed({
    ...podIdentity,
    pod: { metadata: {}, status: {}, spec: { ...agentSpec, nodeName: 'node-2' } },
    others: [
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'node-2', labels: { 'eks.amazonaws.com/compute-type': 'auto' } }
      }
    ]
  })
  t.match(
    steps.find(({ step }) => step === 'agent'),
    { state: 'ok', message: /built into node node-2/ }
  )
})

t.test('says what IAM says about an action', async (t) => {
  const observations = await observed(irsa)
  const simulated = (parts: Partial<Permission>) =>
    diagnosisOf({
      ...observations,
      permission: known({
        action: 's3:GetObject',
        resource: '*',
        decision: 'allowed',
        policies: [],
        allowedByOrganization: undefined,
        allowedByBoundary: undefined,
        missingKeys: [],
        ...parts
      })
    }).steps.find(({ step }) => step === 'permission')

  t.match(simulated({}), {
    state: 'ok',
    message: /^s3:GetObject on \*: allowed by the simulator \(not seen: .*SCPs/
  })
  t.match(simulated({ decision: 'implicitDeny' }), {
    state: 'wrong',
    message: /no policy of the role allows/
  })
  t.match(simulated({ decision: 'explicitDeny' }), { state: 'wrong', message: /a policy explicitly denies/ })
  t.match(simulated({ decision: 'explicitDeny', policies: ['p'] }), { message: /policy p explicitly denies/ })
  t.match(
    simulated({ decision: 'explicitDeny', allowedByOrganization: false }),
    {
      state: 'unknown',
      because: /service control policy .* denies s3:GetObject on \*, .* aws:RequestedRegion$/
    },
    'the keys of conditions in service control policies are never listed as missing'
  )
  t.match(simulated({ decision: 'implicitDeny', allowedByBoundary: false }), {
    state: 'wrong',
    message: /permissions boundary/
  })
  t.match(simulated({ decision: 'implicitDeny', missingKeys: ['aws:PrincipalTag/a'] }), {
    state: 'unknown',
    because: /depends on aws:PrincipalTag\/a, .*; without one, no policy of the role allows/
  })
  t.match(
    simulated({ decision: 'explicitDeny', policies: ['region'], missingKeys: ['aws:RequestedRegion'] }),
    { state: 'unknown', because: /; without one, policy region explicitly denies s3:GetObject on \*$/ },
    'StringNotEquals holds for a key that the request lacks'
  )
  t.match(simulated({ missingKeys: ['aws:SourceIp'] }), {
    state: 'unknown',
    because: /depends on aws:SourceIp, .*; without one, s3:GetObject on \* is allowed$/
  })
  t.match(
    diagnosisOf({ ...observations, permission: unknown('IAM did not answer') }).steps.find(
      ({ step }) => step === 'permission'
    ),
    { state: 'unknown', because: 'IAM did not answer' }
  )
  const missing = await observed({ ...irsa, iam: { ...irsa.iam, roles: [] } })
  t.match(
    diagnosisOf({ ...missing, permission: unknown('x') }).steps.find(({ step }) => step === 'permission'),
    { state: 'follows', because: 'role' }
  )
  t.match(
    (await observed(irsa, 'deploy/cart', { simulation: { action: 'a:B', resource: '*', isLive: false } }))
      .permission,
    {
      state: 'unknown',
      because: /pass --aws/
    }
  )
})

t.test('prints no restart for pods that nothing can restart', async (t) => {
  const own = {
    ...irsa,
    pod: {
      metadata: { ownerReferences: [] },
      status: {},
      spec: injectedSpec('arn:aws:iam::111122223333:role/old')
    }
  }
  const { fix, steps } = await diagnosed(own, 'pod/cart-1-x')
  t.strictSame(fix, [])
  t.match(
    steps.find(({ step }) => step === 'containers')?.fix,
    /pod shop\/cart-1-x: delete it and create it again/
  )
})
