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

t.test('lists the roles that trust nothing but service accounts of a cluster', async (t) => {
  const host = key.replace(':sub', '')
  const trusting = (sub: unknown, parts: object = {}, operator = 'StringEquals'): object => ({
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${host}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { [operator]: { [key]: sub } },
    ...parts
  })
  const table: readonly (readonly [string, unknown, readonly string[] | undefined])[] = [
    ['one account', [trusting(cart)], [cart]],
    ['accounts in a list, twice', [trusting([cart, 'x']), trusting(cart, {}, 'StringLike')], [cart, 'x']],
    ['a Deny beside it', [trusting(cart), { Effect: 'Deny', Principal: '*', Action: '*' }], [cart]],
    ['a pattern', [trusting('system:serviceaccount:shop:*', {}, 'StringLike')], undefined],
    ['a condition that need not hold', [trusting(cart, {}, 'StringEqualsIfExists')], undefined],
    ['no subject', [trusting(cart, { Condition: {} })], undefined],
    ['a value that is no text', [trusting([cart, 1])], undefined],
    [
      'another cluster',
      [trusting(cart, { Principal: { Federated: 'arn:aws:iam::1:oidc-provider/x' } })],
      undefined
    ],
    [
      'a service too',
      [trusting(cart, { Principal: { Federated: [], Service: 'ec2.amazonaws.com' } })],
      undefined
    ],
    [
      'a service in another statement',
      [trusting(cart), { Effect: 'Allow', Principal: { Service: 'x' } }],
      undefined
    ],
    ['anybody else', [trusting(cart, { Principal: undefined, NotPrincipal: {} })], undefined],
    ['nothing', [], undefined],
    ['no policy', undefined, undefined]
  ]
  for (const [why, statements, subjects] of table) {
    const roles = buildTrustingRoles([{ arn: 'a', trustPolicy: { Statement: statements } }]).rolesFor(issuer)
    t.strictSame(roles, subjects === undefined ? [] : [{ arn: 'a', subjects }], why)
  }
})
