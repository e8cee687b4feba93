import t from 'tap'
import { parseIdentityWebhookConfigMap } from '../../src/identity-webhook/config-map.js'

const role = 'arn:aws:iam::111122223333:role/cart'
const read = (config: unknown): ReturnType<typeof parseIdentityWebhookConfigMap> =>
  parseIdentityWebhookConfigMap({
    data: { config: typeof config === 'string' ? config : JSON.stringify(config) }
  })

t.test('reads the roles', async (t) => {
  const reading = read({
    'shop/cart': { RoleARN: role, Audience: 'amazonaws.com', UseRegionalSTS: true, TokenExpiration: 0 },
    '*/search': { rolearn: role, Other: [] },
    'shop/none': {},
    'shop/empty': { RoleARN: '', audience: null },
    'shop/slash/more': { RoleARN: role }
  })
  t.strictSame('roles' in reading && [...reading.roles], [
    ['shop/cart', { role, audience: 'amazonaws.com' }],
    ['*/search', { role, audience: undefined }],
    ['shop/none', { role: undefined, audience: undefined }],
    ['shop/empty', { role: undefined, audience: undefined }],
    ['shop/slash', { role, audience: undefined }]
  ])
  t.strictSame(read('null'), { roles: new Map() }, 'Go reads null as an empty map')
})

// What Go's encoding/json refuses, so that the identity webhook keeps the roles that it had, and what makes it
// panic: https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/cache/cache.go, populateCacheFromCM)
t.test('says why the identity webhook cannot use it', async (t) => {
  for (const none of [undefined, null, {}, { data: {} }, { data: { config: 7 } }])
    t.strictSame(parseIdentityWebhookConfigMap(none), { wrong: 'it has no key "config"', crashes: false })
  for (const [config, wrong] of [
    ['', /^its key "config" is not JSON: /],
    ['{', /^its key "config" is not JSON: /],
    [`{"shop/cart":{"RoleARN":"${role}"},}`, /^its key "config" is not JSON: /],
    ['[]', /^its key "config" is not a JSON object$/],
    [{ 'shop/cart': role }, /^its entry "shop\/cart" is not an object$/],
    [{ 'shop/cart': { RoleARN: 7 } }, /^its entry "shop\/cart" has a "RoleARN" that is not a string$/],
    [{ 'shop/cart': { audience: [] } }, /has a "audience" that is not a string$/],
    [{ 'shop/cart': { UseRegionalSTS: 'true' } }, /that is not a Boolean$/],
    [{ 'shop/cart': { TokenExpiration: '3600' } }, /that is not an integer$/],
    [{ 'shop/cart': { TokenExpiration: 1.5 } }, /that is not an integer$/],
    ['{"shop/cart":{"TokenExpiration":9223372036854775808}}', /that is not an integer$/],
    [{ cart: null, 'shop/cart': { RoleARN: 7 } }, /has a "RoleARN"/]
  ] as const)
    t.match(read(config), { wrong, crashes: false }, JSON.stringify(config))
  t.strictSame(read({ cart: { RoleARN: role } }), {
    wrong: 'its entry "cart" is not named <namespace>/<name>',
    crashes: true
  })
  t.strictSame(read({ 'shop/cart': null }), { wrong: 'its entry "shop/cart" is null', crashes: true })
})
