import t from 'tap'
import { parseChange } from '../../../src/sources/changes/change.js'
import { changeEvent } from '../../support/change-events.js'

const now = Date.parse('2026-11-27T12:00:00Z')
const at = new Date(now - 20_000)
const account = '111122223333'
const parse = (eventName: string, parameters: object | null, detail: object = {}): unknown =>
  parseChange(changeEvent(eventName, parameters, { account, at, detail }), now)

t.test('roles', async (t) => {
  for (const name of ['CreateRole', 'DeleteRole', 'UpdateAssumeRolePolicy'])
    t.strictSame(parse(name, { roleName: 'cart', policyDocument: '{}' }), {
      kind: 'role',
      account,
      at: at.getTime(),
      name: 'cart'
    })
  for (const parameters of [null, {}, { roleName: '' }, { roleName: 7 }])
    t.equal(parse('DeleteRole', parameters), 'malformed', JSON.stringify(parameters))
})

t.test('providers, by URL or ARN; without either, all of the account', async (t) => {
  const provider = { kind: 'provider', account, at: at.getTime() }
  const arn = `arn:aws:iam::${account}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A`
  const issuer = 'oidc.eks.eu-west-1.amazonaws.com/id/A'
  t.strictSame(parse('CreateOpenIDConnectProvider', { url: `https://${issuer}` }), { ...provider, issuer })
  for (const name of [
    'DeleteOpenIDConnectProvider',
    'AddClientIDToOpenIDConnectProvider',
    'RemoveClientIDFromOpenIDConnectProvider'
  ])
    t.strictSame(parse(name, { openIDConnectProviderArn: arn }), { ...provider, issuer }, name)
  t.strictSame(parse('DeleteOpenIDConnectProvider', null), { ...provider, issuer: undefined })
})

t.test('associations, with what the event names of them', async (t) => {
  const association = { kind: 'association', account, at: at.getTime(), region: 'us-east-1' }
  const [cluster, id] = ['prod', 'a-1']
  t.strictSame(parse('UpdatePodIdentityAssociation', { clusterName: 'prod', associationId: id }), {
    ...{ ...association, cluster, id }
  })
  t.strictSame(parse('DeletePodIdentityAssociation', { name: 'prod', associationId: id }), {
    ...{ ...association, cluster, id }
  })
  t.strictSame(
    parse('CreatePodIdentityAssociation', null, { responseElements: { association: { associationId: id } } }),
    { ...association, cluster: undefined, id }
  )
  t.match(parse('CreatePodIdentityAssociation', {}, { awsRegion: undefined }), { region: 'us-east-1' })
})

t.test('calls that failed and other calls change nothing', async (t) => {
  t.equal(parse('DeleteRole', { roleName: 'cart' }, { errorCode: 'AccessDenied' }), 'failed-call')
  t.match(parse('DeleteRole', { roleName: 'cart' }, { errorCode: null }), { name: 'cart' })
  t.equal(parse('PutRolePolicy', { roleName: 'cart' }), 'other-event')
  t.equal(parse('DeleteRole', { roleName: 'cart' }, { eventSource: 'eks.amazonaws.com' }), 'other-event')
  t.equal(parse('toString', {}, { eventSource: '__proto__' }), 'other-event')
})

t.test('an event cannot come from the future, so that it is outdated one day', async (t) => {
  const later = changeEvent('DeleteRole', { roleName: 'cart' }, { at: new Date(now + 86_400_000) })
  t.match(parseChange(later, now), { at: now })
})

t.test('the envelope has an account and a time, too', async (t) => {
  const bare = { recipientAccountId: undefined, eventTime: undefined }
  t.match(parse('DeleteRole', { roleName: 'cart' }, bare), { account, at: at.getTime() })
})

t.test('whatever a message contains, parsing does not throw', async (t) => {
  const event = (change: object): string =>
    JSON.stringify({ ...(JSON.parse(changeEvent('DeleteRole', { roleName: 'cart' })) as object), ...change })
  const huge = changeEvent('DeleteRole', { roleName: 'cart', policyDocument: 'x'.repeat(300_000) })
  for (const text of [
    ...['', 'null', '7', '[]', '{}', '{', '"\ud800"', '['.repeat(200_000), '{"a":'.repeat(40_000)],
    ...[event({ detail: null }), event({ detail: [] }), event({ detail: { eventSource: 1, eventName: {} } })],
    ...[
      changeEvent('DeleteRole', { roleName: 'cart' }, { account: 'other' }),
      changeEvent('DeleteRole', { roleName: 'cart' }, { detail: { eventTime: 'yesterday' } }),
      changeEvent(
        'DeleteRole',
        { roleName: 'cart' },
        { detail: { recipientAccountId: { a: 1 } }, account: '1' }
      )
    ],
    huge
  ])
    t.equal(parseChange(text, now), 'malformed', text.slice(0, 60))
  const withoutRegion = JSON.parse(changeEvent('CreatePodIdentityAssociation', {})) as {
    region?: string
    detail: { awsRegion?: string }
  }
  delete withoutRegion.region
  delete withoutRegion.detail.awsRegion
  t.equal(parseChange(JSON.stringify(withoutRegion), now), 'malformed')
})
