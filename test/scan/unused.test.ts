import t from 'tap'
import type { AssociationSource, ListedRole, RoleListSource, Sources } from '../../src/facts/facts.js'
import type { Association } from '../../src/model/association.js'
import { parseClusterArn } from '../../src/model/cluster-arn.js'
import { type Fact, known, moot, unknown } from '../../src/model/fact.js'
import { noWaiverLimits } from '../../src/model/waiver-limits.js'
import { judgeCluster, type JudgedCluster } from '../../src/scan/judge-cluster.js'
import { unusedAccounts, type UnusedRoles, unusedRoles } from '../../src/scan/unused.js'
import { host, issuer, policy, statement } from '../support/trust.js'

const cluster = 'arn:aws:eks:us-east-1:111122223333:cluster/prod'
const arnOf = (name: string, account = '111122223333'): string => `arn:aws:iam::${account}:role/${name}`
const role = (name: string, trustPolicy: unknown, account?: string): ListedRole => ({
  exists: true,
  arn: arnOf(name, account),
  trustPolicy: {
    document: typeof trustPolicy === 'string' ? trustPolicy : JSON.stringify(trustPolicy),
    encoding: 'json'
  }
})
const trusting = (...subjects: string[]): object =>
  policy(
    statement({
      Condition: { StringLike: { [`${host}:sub`]: subjects.map((one) => `system:serviceaccount:${one}`) } }
    })
  )
const pods = (Condition?: object): object =>
  policy({
    Effect: 'Allow',
    Principal: { Service: 'pods.eks.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
    ...(Condition && { Condition })
  })
const ofCluster = pods({ ArnEquals: { 'aws:SourceArn': cluster } })

const associationOf = (name: string, roleArn: string | undefined): Association => ({
  clusterName: 'prod',
  namespace: 'shop',
  serviceAccount: name,
  roleArn,
  disableSessionTags: false
})
/** The roles of some service accounts of namespace shop. */
const associations = (roles: Readonly<Record<string, string>>): AssociationSource => ({
  findAssociation: ({ name }) =>
    known(name in roles ? { exists: true, since: undefined } : { exists: false }),
  readAssociation: ({ name }) =>
    name in roles ? known(associationOf(name, roles[name])) : moot('it has no association')
})

async function judged(given: Sources, accounts: readonly string[] = ['cart', 'web']): Promise<JudgedCluster> {
  const objects = accounts.map((name) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'shop' }
  }))

  return judgeCluster(
    { objects, others: [], unread: [] },
    {
      client: undefined,
      given: { issuer, clusterArn: parseClusterArn(cluster), ...given },
      annotationPrefix: undefined,
      isWhole: true,
      severities: new Map(),
      exceptions: [],
      waiverLimits: noWaiverLimits,
      at: new Date()
    }
  )
}

const listOf = (...roles: ListedRole[]): RoleListSource => ({ listRoles: () => ({ roles, unread: [] }) })
const unusedOf = async (roles: ListedRole[], given: Sources = {}): Promise<UnusedRoles> => {
  const found = await unusedRoles(await judged({ roles: listOf(...roles), ...given }), true)

  if (found.state !== 'known') throw new Error(found.because)

  return found.value
}

t.test('roles that only service accounts can use, of which none exists', async (t) => {
  const { roles, undetermined } = await unusedOf([
    role('used', trusting('shop:cart')),
    role('used-next-to-old', trusting('shop:gone', 'shop:web')),
    role('used-by-pattern', trusting('shop:c*')),
    role('used-in-other-capitals', trusting('shop:CART')),
    role('old', trusting('shop:gone')),
    role('old-pattern', trusting('gone:*')),
    role(
      'of-a-service',
      policy({ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' })
    ),
    { exists: true, arn: arnOf('without-a-policy') },
    role('not-json', '{')
  ])
  t.strictSame(roles, [{ arn: arnOf('old'), trusts: ['system:serviceaccount:shop:gone'] }])
  t.match(undetermined, [
    { arn: arnOf('old-pattern'), because: /has a wildcard, "system:serviceaccount:gone:\*"/ },
    { arn: arnOf('not-json'), because: /^irsa-guard cannot interpret the trust policy \(it is not / }
  ])
  t.equal(undetermined.length, 2)
  const star = policy(statement(), statement({ Effect: 'Deny', Principal: '*', Condition: undefined }))
  t.match(await unusedOf([role('star', star)]), {
    undetermined: [{ because: /\(Statement\[1\]\.Principal: it is "\*"; in a trust policy, it must be/ }]
  })
})

t.test('roles of EKS Pod Identity', async (t) => {
  const roles = [
    role('mail', ofCluster),
    role('free', ofCluster),
    role('any', pods()),
    role('elsewhere', pods(), '444455556666')
  ]
  const found = await unusedOf(roles, { associations: associations({ cart: arnOf('mail') }) })
  t.strictSame(found.roles, [{ arn: arnOf('free'), trusts: ['pods.eks.amazonaws.com'] }])
  t.match(found.undetermined, [
    { arn: arnOf('any'), because: /another cluster in the account may use them$/ }
  ])
  t.equal(found.undetermined.length, 1, 'an association has a role of the account of its cluster')
  t.strictSame([...found.associated], [arnOf('mail')])

  const reason = unknown('EKS denied eks:ListPodIdentityAssociations')
  const unread = 'they trust EKS Pod Identity, and not all associations could be read: '
  const table: readonly (readonly [string, AssociationSource | undefined, string])[] = [
    [
      'no source',
      undefined,
      'they trust EKS Pod Identity, and the associations of the cluster are not known (pass --cluster-arn ARN)'
    ],
    [
      'not listed',
      { findAssociation: () => reason, readAssociation: () => reason },
      `${unread}${reason.because}`
    ],
    [
      'not read',
      { ...associations({ cart: '', web: '' }), readAssociation: () => reason },
      `${unread}${reason.because}`
    ],
    [
      'no role',
      {
        ...associations({ cart: '' }),
        readAssociation: ({ name }) => known(associationOf(name, undefined))
      },
      `${unread}an association names no role`
    ]
  ]
  for (const [why, source, because] of table) {
    const { roles: unused, undetermined } = await unusedOf(roles.slice(0, 2), { associations: source })
    t.strictSame(unused, [], why)
    t.strictSame(
      undetermined,
      [arnOf('mail'), arnOf('free')].map((arn) => ({ arn, because })),
      why
    )
  }
})

t.test('what is not known', async (t) => {
  const roles = listOf(role('old', trusting('shop:gone')))
  const reasonOf = async (cluster: JudgedCluster, isWhole = true): Promise<string | undefined> => {
    const found: Fact<UnusedRoles> = await unusedRoles(cluster, isWhole)
    return found.state === 'known' ? undefined : found.because
  }
  t.match(await reasonOf(await judged({})), /^no list of roles was given/)
  t.match(await reasonOf(await judged({ roles }), false), /^not all service accounts/)
  t.match(await reasonOf(await judged({ roles }, [])), /^no service accounts were read/)
  t.match(
    await reasonOf(await judged({ roles, issuer: undefined })),
    /^the issuer of the cluster is not known/
  )
  const given: RoleListSource = { listRoles: () => ({ roles: [], unread: ['IAM denied iam:ListRoles'] }) }
  t.match(await unusedRoles(await judged({ roles: given }), true), {
    value: { unread: ['IAM denied iam:ListRoles'] }
  })
})

t.test('service accounts that nothing uses', async (t) => {
  const given = { associations: associations({ cart: arnOf('mail') }) }
  t.strictSame(await unusedAccounts(await judged(given)), [
    { namespace: 'shop', name: 'cart', role: arnOf('mail') }
  ])
  t.strictSame(await unusedAccounts(await judged({})), [], 'no account has a role')
  const { sources, ...others } = await judged(given)
  t.equal(await unusedAccounts({ ...others, sources: { ...sources, neighbours: undefined } }), undefined)
})
