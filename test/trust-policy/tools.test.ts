import t from 'tap'
import { judgeTrust } from '../../src/trust-policy/judge.js'
import { host, provider, question, subject } from '../support/trust.js'

// The forms that tools write, as their documentation and sources show them: eksctl (iam serviceaccounts),
// kOps (serviceAccountExternalPermissions), the Terraform module iam-role-for-service-accounts-eks, the EKS
// and IAM user guides.
const webIdentity = 'sts:AssumeRoleWithWebIdentity'
const kopsIssuer = 'https://discovery.example.com.s3.amazonaws.com/cluster.example.com'
const kopsHost = kopsIssuer.slice('https://'.length)

const tools: Readonly<
  Record<string, { document: unknown; issuer?: string; neighbour?: string; overPermissive?: boolean }>
> = {
  eksctl: {
    document: {
      Version: '2012-10-17',
      Statement: [
        {
          Action: [webIdentity],
          Condition: { StringEquals: { [`${host}:sub`]: subject, [`${host}:aud`]: 'sts.amazonaws.com' } },
          Effect: 'Allow',
          Principal: { Federated: provider }
        }
      ]
    }
  },
  kOps: {
    issuer: kopsIssuer,
    document: {
      Statement: [
        {
          Effect: 'Allow',
          Action: webIdentity,
          Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${kopsHost}` },
          Condition: { StringEquals: { [`${kopsHost}:sub`]: subject } }
        }
      ],
      Version: '2012-10-17'
    }
  },
  'kOps, any namespace': {
    issuer: kopsIssuer,
    overPermissive: true,
    neighbour: 'allowed',
    document: {
      Statement: [
        {
          Effect: 'Allow',
          Action: webIdentity,
          Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${kopsHost}` },
          Condition: { StringLike: { [`${kopsHost}:sub`]: 'system:serviceaccount:*:cart' } }
        }
      ],
      Version: '2012-10-17'
    }
  },
  'Terraform module': {
    document: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: '',
          Effect: 'Allow',
          Action: webIdentity,
          Principal: { Federated: provider },
          Condition: {
            StringEquals: {
              [`${host}:aud`]: 'sts.amazonaws.com',
              [`${host}:sub`]: [subject, 'system:serviceaccount:shop:web']
            }
          }
        }
      ]
    })
  },
  'Terraform module, which may assume itself': {
    document: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'ExplicitSelfRoleAssumption',
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Principal: { AWS: '*' },
          Condition: { ArnLike: { 'aws:PrincipalArn': ['arn:aws:iam::111122223333:role/team/cart'] } }
        },
        {
          Effect: 'Allow',
          Action: webIdentity,
          Principal: { Federated: provider },
          Condition: {
            StringLike: { [`${host}:sub`]: [subject] },
            StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com' }
          }
        }
      ]
    }
  },
  'the EKS user guide': {
    document: encodeURIComponent(
      JSON.stringify(
        {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Federated: provider },
              Action: webIdentity,
              Condition: { StringEquals: { [`${host}:sub`]: subject, [`${host}:aud`]: 'sts.amazonaws.com' } }
            }
          ]
        },
        null,
        2
      )
    )
  },
  'the EKS user guide, for several accounts': {
    document: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: provider },
          Action: webIdentity,
          Condition: {
            StringLike: {
              [`${host}:sub`]: 'system:serviceaccount:shop:c*',
              [`${host}:aud`]: 'sts.amazonaws.com'
            }
          }
        }
      ]
    }
  }
}

for (const [tool, { document, issuer, neighbour = 'denied', overPermissive = false }] of Object.entries(
  tools
)) {
  t.test(tool, async (t) => {
    const asked = issuer === undefined ? {} : { issuer }
    t.match(judgeTrust(question(document, asked)), { verdict: 'allowed', overPermissive })
    t.match(
      judgeTrust(question(document, { ...asked, namespace: 'prod' })),
      { verdict: neighbour },
      'the namesake of another namespace'
    )
    t.match(
      judgeTrust(question(document, { ...asked, serviceAccount: 'mail' })),
      { verdict: 'denied', miss: { kind: 'subject' } },
      'a neighbour'
    )
    t.match(judgeTrust(question(document, { issuer: `${issuer ?? 'https://x.example'}/other` })), {
      verdict: 'denied',
      miss: { kind: 'provider' }
    })
  })
}

t.test('a role for EKS Pod Identity is told apart', async (t) => {
  const document = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession']
      }
    ]
  }
  t.match(judgeTrust(question(document)), {
    verdict: 'denied',
    miss: { kind: 'action', found: ['sts:AssumeRole', 'sts:TagSession'] }
  })
})
