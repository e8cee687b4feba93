import t from 'tap'
import { evaluateTrust } from '../../src/library/index.js'
import { account, asks, host, policy, provider, question, statement, subject } from '../support/trust.js'

const suggestedFor = (document: unknown, asked = {}): unknown =>
  evaluateTrust(question(document, asked)).suggested
const exact = statement()

t.test('fixes the statement that came closest', async (t) => {
  const fixed: readonly (readonly [string, object, object])[] = [
    [
      'another account keeps its place',
      statement({ Condition: asks({ sub: 'system:serviceaccount:default:cart' }) }),
      statement({ Condition: asks({ sub: ['system:serviceaccount:default:cart', subject] }) })
    ],
    ['what nobody can be makes room', statement({ Condition: asks({ sub: 'shop:cart' }) }), exact],
    [
      'a literal wildcard makes room',
      statement({ Condition: asks({ sub: 'system:serviceaccount:shop:*' }) }),
      exact
    ],
    ['provider', statement({ Principal: { Federated: `${provider}/` } }), exact],
    [
      'provider in a list',
      statement({ Principal: { Federated: [`https://${host}`, 'accounts.google.com'] } }),
      statement({ Principal: { Federated: [provider, 'accounts.google.com'] } })
    ],
    [
      'keys',
      statement({
        Condition: {
          StringEquals: { [`https://${host}:sub`]: subject, [`${host}/:aud`]: 'sts.amazonaws.com' }
        }
      }),
      exact
    ],
    [
      'action',
      statement({ Action: 'sts:AssumeRole' }),
      statement({ Action: ['sts:AssumeRole', 'sts:AssumeRoleWithWebIdentity'] })
    ],
    [
      'audience',
      statement({ Condition: asks({ aud: 'x' }) }),
      statement({ Condition: asks({ aud: ['x', 'sts.amazonaws.com'] }) })
    ],
    ['no claim in the key', statement({ Condition: { StringEquals: { [host]: subject } } }), exact],
    [
      'a subject under the audience',
      statement({ Condition: { StringEquals: { [`${host}:aud`]: subject } } }),
      exact
    ],
    [
      'an audience under the subject',
      statement({ Condition: { StringEquals: { [`${host}:sub`]: 'sts.amazonaws.com' } } }),
      statement({
        Condition: { StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com', [`${host}:sub`]: subject } }
      })
    ],
    [
      'an audience under the subject, beside the right one',
      statement({ Condition: asks({ sub: 'sts.amazonaws.com' }) }),
      exact
    ],
    [
      'the keys of another cluster, whose provider it does not trust',
      statement({
        Condition: {
          StringEquals: { 'a.example:sub': subject, 'a.example:aud': 'sts.amazonaws.com' }
        }
      }),
      exact
    ],
    ['a space after the audience', statement({ Condition: asks({ aud: 'sts.amazonaws.com ' }) }), exact],
    ['the provider under AWS', statement({ Principal: { AWS: provider } }), exact],
    [
      'the provider under AWS, beside others',
      statement({ Principal: { AWS: ['444455556666', provider], Federated: 'accounts.google.com' } }),
      statement({ Principal: { AWS: ['444455556666'], Federated: ['accounts.google.com', provider] } })
    ],
    [
      'two ARNs in one string',
      statement({ Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/a.example, ${provider}` } }),
      exact
    ],
    [
      'a statement that starts to match limits the audience',
      statement({ Condition: { StringLike: { [`${host}/:sub`]: subject } } }),
      statement({
        Condition: {
          StringLike: { [`${host}:sub`]: subject },
          StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com' }
        }
      })
    ],
    [
      'all at once',
      statement({
        Principal: { Federated: `https://${host}/` },
        Condition: {
          StringEquals: { [`https://${host}/:sub`]: 'cart', [`${host}:aud`]: 'sts.amazonaws.com' }
        }
      }),
      exact
    ]
  ]
  for (const [why, before, after] of fixed) t.strictSame(suggestedFor(policy(before)), policy(after), why)
  t.strictSame(
    suggestedFor({ Statement: statement({ Condition: asks({ sub: 'cart' }) }) }),
    { Statement: exact },
    'a statement that is no list stays none'
  )
})

t.test('adds a statement where fixing one would admit others', async (t) => {
  const added: readonly (readonly [string, object])[] = [
    [
      'another cluster',
      statement({ Principal: { Federated: 'arn:aws:iam::111122223333:oidc-provider/x.example' } })
    ],
    [
      'provider, for several accounts',
      statement({
        Principal: { Federated: `${provider}/` },
        Condition: asks({ sub: [subject, 'system:serviceaccount:a:b'] })
      })
    ],
    ['action, without a subject', statement({ Action: 'sts:AssumeRole', Condition: undefined })],
    ['NotAction', statement({ Action: undefined, NotAction: 'sts:AssumeRole*' })],
    [
      'a key that would stand there twice',
      statement({ Condition: { StringEquals: { [`${host}:sub`]: 'x', [`${host}/:sub`]: 'x' } } })
    ],
    [
      'what no pod can bring',
      statement({ Condition: { ...asks({}), Bool: { 'aws:MultiFactorAuthPresent': true } } })
    ]
  ]
  for (const [why, before] of added)
    t.strictSame(suggestedFor(policy(before)), policy(JSON.parse(JSON.stringify(before)), exact), why)
})

t.test('suggests nothing where no small edit helps, or what is was meant', async (t) => {
  const none: readonly (readonly [string, unknown, object?])[] = [
    ['allowed', policy(exact)],
    ['invalid', '{'],
    ['denied by name', policy(exact, statement({ Effect: 'Deny' }))],
    ['kept out by name', policy(statement({ Condition: { StringNotEquals: { [`${host}:sub`]: subject } } }))],
    [
      'expired',
      policy(statement({ Condition: { ...asks({}), DateLessThan: { 'aws:CurrentTime': '2020-01-01' } } })),
      { at: new Date('2026-11-24') }
    ],
    [
      'limited at run time',
      policy(
        statement({
          Condition: {
            ...asks({ sub: 'system:serviceaccount:a:b' }),
            IpAddress: { 'aws:SourceIp': '10.0.0.0/8' }
          }
        })
      )
    ],
    [
      'an audience that would be a pattern',
      policy(statement({ Condition: asks({ aud: 'x' }) })),
      { audience: '*' }
    ],
    [
      'a name that would be a pattern',
      policy(statement({ Condition: asks({ sub: 'x' }) })),
      { serviceAccount: 'cart*' }
    ],
    [
      'more than an account stores by default',
      policy(
        statement({ Sid: 'x'.repeat(2048 - 480), Condition: asks({ sub: 'system:serviceaccount:a:b' }) })
      )
    ],
    [
      'another statement that IAM refuses',
      policy(
        statement({ Condition: asks({ sub: 'x' }) }),
        statement({ Principal: { AWS: `arn:aws:iam::${account}:saml-provider/a` } })
      )
    ],
    [
      'a Deny that hits after the edit',
      policy(
        statement({ Condition: asks({ sub: 'x' }) }),
        statement({ Effect: 'Deny', Condition: { StringEquals: { 'aws:UserAgent': 'x' } } })
      )
    ]
  ]
  for (const [why, document, asked] of none) t.equal(suggestedFor(document, asked), undefined, why)
})

t.test('tells the contract in full', async (t) => {
  t.strictSame(
    evaluateTrust(
      question(policy(statement({ Condition: asks({ sub: 'system:serviceaccount:default:cart' }) })))
    ),
    {
      verdict: 'denied',
      overPermissive: false,
      statement: 0,
      dependsOn: [],
      findings: [
        {
          rule: 'trust-subject-mismatch',
          severity: 'error',
          field: 'metadata.annotations["eks.amazonaws.com/role-arn"]',
          message: `the role does not trust ${subject}: in its statement 1, StringEquals "${host}:sub" requires "system:serviceaccount:default:cart", but the token has "${subject}": the namespace differs`,
          fix: `install the service account in namespace default, or add "${subject}" to that condition, or point the annotation at a role for this service account`,
          docs: 'https://irsa-guard.io/v0.1.0/rules/trust-subject-mismatch',
          excerpt: { text: subject, from: 22, to: 26 }
        }
      ],
      suggested: policy(
        statement({ Condition: asks({ sub: ['system:serviceaccount:default:cart', subject] }) })
      )
    }
  )
})
