import t from 'tap'
import { known } from '../../../src/model/fact.js'
import { buildTrustingRoles } from '../../../src/sources/iam-file/trusting-roles.js'

const issuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE'
const key = 'oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:sub'
const cart = 'system:serviceaccount:shop:cart'
const statementOf = (Condition: unknown, Effect = 'Allow'): object => ({
  Effect,
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition
})
const equals = (value: unknown): object => ({
  Version: '2012-10-17',
  Statement: [statementOf({ StringEquals: { [key]: value } })]
})

t.test('finds the roles that name a service account exactly', async (t) => {
  const naming: readonly (readonly [string, unknown])[] = [
    ['in a list', equals(['system:serviceaccount:shop:web', cart])],
    ['alone', equals(cart)],
    ['one statement, no list', { Statement: statementOf({ StringLike: { [key.toUpperCase()]: cart } }) }],
    ['text', JSON.stringify(equals(cart))],
    ['percent-encoded text', encodeURIComponent(JSON.stringify(equals(cart)))],
    [
      'twice',
      {
        Statement: [
          statementOf({ StringEquals: { [key]: [cart, cart] } }),
          statementOf({ StringEquals: { [key]: cart } })
        ]
      }
    ]
  ]
  const others: readonly (readonly [string, unknown])[] = [
    ['another account', equals('system:serviceaccount:shop:web')],
    ['a pattern', { Statement: statementOf({ StringLike: { [key]: 'system:serviceaccount:shop:*' } }) }],
    [
      'another cluster',
      { Statement: statementOf({ StringEquals: { 'oidc.eks.us-east-1.amazonaws.com/id/OTHER:sub': cart } }) }
    ],
    ['a Deny', { Statement: statementOf({ StringEquals: { [key]: cart } }, 'Deny') }],
    ['a negation', { Statement: statementOf({ StringNotEquals: { [key]: cart } }) }],
    ['the audience', { Statement: statementOf({ StringEquals: { [key.replace(':sub', ':aud')]: cart } }) }],
    ['no JSON', '{'],
    ['bad encoding', '%7B%'],
    ...[
      undefined,
      null,
      [],
      7,
      { Statement: [null, { Effect: 'Allow', Condition: { StringEquals: null } }] },
      equals(7)
    ].map((document) => ['ill-shaped', document] as const)
  ]
  const source = buildTrustingRoles(
    [...naming, ...others].map(([arn, trustPolicy]) => ({ arn, trustPolicy }))
  )
  t.strictSame(
    source.rolesTrusting({ namespace: 'shop', name: 'cart' }, issuer),
    known(naming.map(([arn]) => arn))
  )
  t.strictSame(source.rolesTrusting({ namespace: 'shop', name: 'gone' }, issuer), known([]))
})
