import t from 'tap'
import { parseClusterArn } from '../../src/model/cluster-arn.js'
import {
  type ServiceAccountsOnly,
  serviceAccountsOnly
} from '../../src/trust-policy/service-accounts-only.js'
import { asks, host, issuer, policy, provider, statement, subject as cart } from '../support/trust.js'

const arn = 'arn:aws:eks:us-east-1:111122223333:cluster/prod'
const clusterArn = parseClusterArn(arn)
const web = 'system:serviceaccount:shop:web'
const like = (sub: unknown, operator = 'StringLike'): object =>
  statement({ Condition: { [operator]: { [`${host}:sub`]: sub } } })
const pods = (Condition?: object, Service: unknown = 'pods.eks.amazonaws.com'): object => ({
  Effect: 'Allow',
  Principal: { Service },
  Action: ['sts:AssumeRole', 'sts:TagSession'],
  ...(Condition && { Condition })
})
const irsa = (...subjects: string[]): ServiceAccountsOnly => ({ subjects, podIdentity: 'none' })
const podIdentity = (podIdentity: ServiceAccountsOnly['podIdentity']): ServiceAccountsOnly => ({
  subjects: [],
  podIdentity
})

const table: readonly (readonly [string, unknown, ServiceAccountsOnly | undefined])[] = [
  ['one account', policy(statement()), irsa(cart)],
  ['percent-encoded', encodeURIComponent(JSON.stringify(policy(statement()))), irsa(cart)],
  ['two statements', policy(statement(), like([cart, web])), irsa(cart, web)],
  [
    'a Deny next to it',
    policy(
      statement(),
      statement({
        Effect: 'Deny',
        Principal: { AWS: '111122223333' },
        Action: 'sts:AssumeRole',
        Condition: undefined
      })
    ),
    irsa(cart)
  ],
  ['a wildcard', policy(like('system:serviceaccount:shop:*')), irsa('system:serviceaccount:shop:*')],
  [
    'a wildcard and an exact subject, which must both match',
    policy(
      statement({
        Condition: {
          StringLike: { [`${host}:sub`]: 'system:serviceaccount:*' },
          StringEquals: { [`${host}:sub`]: cart }
        }
      })
    ),
    irsa(cart)
  ],
  ['no subject', policy(statement({ Condition: undefined })), irsa('*')],
  ['a condition that a missing key meets', policy(like(cart, 'StringEqualsIfExists')), irsa('*')],
  ['a negation', policy(like(cart, 'StringNotEquals')), irsa('*')],
  ['a set operator', policy(like(cart, 'ForAllValues:StringEquals')), irsa('*')],
  ['an operator in other capitals', policy(like(cart, 'stringequals')), irsa('*')],
  ['a variable', policy(like('system:serviceaccount:shop:${aws:username}')), irsa('*')],
  ['another cluster', policy(statement({ Principal: { Federated: `${provider}X` } })), undefined],
  ['a service too', policy(statement(), pods({}, 'ec2.amazonaws.com')), undefined],
  [
    'two principals',
    policy(statement({ Principal: { Federated: provider, AWS: '111122223333' } })),
    undefined
  ],
  [
    'every principal in a Deny',
    policy(
      statement(),
      statement({ Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:*', Condition: undefined })
    ),
    irsa(cart)
  ],
  ['only a Deny', policy(statement({ Effect: 'Deny' })), undefined],
  ['Pod Identity in any cluster', policy(pods()), podIdentity('any-cluster')],
  [
    'the name of the service in China',
    policy(pods({}, 'pods.eks.amazonaws.com.cn')),
    podIdentity('any-cluster')
  ],
  ['by source', policy(pods({ ArnEquals: { 'aws:SourceArn': arn } })), podIdentity('this-cluster')],
  [
    'by the tag of the cluster',
    policy(pods({ StringEquals: { 'aws:RequestTag/eks-cluster-arn': arn } })),
    podIdentity('this-cluster')
  ],
  [
    'this cluster and another one',
    policy(pods({ StringEquals: { 'aws:RequestTag/eks-cluster-arn': [arn, `${arn}-2`] } })),
    podIdentity('any-cluster')
  ],
  [
    'clusters by pattern',
    policy(pods({ ArnLike: { 'aws:SourceArn': `${arn}*` } })),
    podIdentity('any-cluster')
  ],
  [
    'in other capitals',
    policy(pods({ StringEqualsIgnoreCase: { 'aws:SourceArn': arn.toUpperCase() } })),
    podIdentity('any-cluster')
  ],
  [
    'the name of the cluster',
    policy(pods({ StringEquals: { 'aws:RequestTag/eks-cluster-name': 'prod' } })),
    podIdentity('any-cluster')
  ],
  [
    'another cluster by name',
    policy(pods({ StringEquals: { 'aws:RequestTag/eks-cluster-name': 'dev' } })),
    undefined
  ],
  ['another cluster by source', policy(pods({ ArnEquals: { 'aws:SourceArn': `${arn}-2` } })), undefined],
  ['both chains', policy(statement(), pods()), { subjects: [cart], podIdentity: 'any-cluster' }]
]

t.test('finds whom a policy can admit, if these are only service accounts', async (t) => {
  for (const [why, document, expected] of table)
    t.strictSame(serviceAccountsOnly({ document }, { issuer, clusterArn }), expected, why)
  t.strictSame(
    serviceAccountsOnly(
      { document: policy(pods({ ArnEquals: { 'aws:SourceArn': arn } })), encoding: 'json' },
      { issuer, clusterArn: undefined }
    ),
    podIdentity('any-cluster'),
    'the cluster is not known'
  )
  t.strictSame(
    serviceAccountsOnly(
      { document: policy(statement({ Condition: asks({ sub: web }) })) },
      { issuer, clusterArn }
    ),
    irsa(web)
  )
})

t.test(
  'a policy that cannot be parsed has a defect, and is not taken for one that admits others',
  async (t) => {
    // IAM rejects the principal "*" in a Deny as well, and accepts { AWS: "*" }: https://github.com/hashicorp/terraform-provider-aws/pull/4248
    const deny = statement({ Effect: 'Deny', Principal: '*', Condition: undefined })
    const table: readonly (readonly [unknown, object])[] = [
      [
        policy(statement(), deny),
        { place: 'Statement[1].Principal', reason: /^it is "\*"; in a trust policy/ }
      ],
      [
        policy(statement({ Principal: undefined, NotPrincipal: { AWS: '*' } })),
        { place: 'Statement[0].NotPrincipal' }
      ],
      [{ Statement: 7 }, { reason: /it is 7/ }],
      ['{', { place: '' }]
    ]
    for (const [document, defect] of table)
      t.match(serviceAccountsOnly({ document }, { issuer, clusterArn }), defect)
  }
)
