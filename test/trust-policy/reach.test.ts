import t from 'tap'
import { parsePattern } from '../../src/text/glob.js'
import { reachOf } from '../../src/trust-policy/reach.js'

t.test('gives an example of whom a pattern lets in besides shop/cart', async (t) => {
  const prefix = 'system:serviceaccount:'
  const table: readonly (readonly [
    pattern: string,
    otherNamespace?: string | undefined,
    otherName?: string
  ])[] = [
    ['shop:cart'],
    [`${prefix}shop:cart`],
    [`${prefix}shop:web`, undefined, `${prefix}shop:web`],
    [`${prefix}shop:ca`, undefined, `${prefix}shop:ca`],
    [`${prefix}shop:cart*`, undefined, `${prefix}shop:cartx`],
    [`${prefix}shop:*`, undefined, `${prefix}shop:x`],
    [`${prefix}sho:cart`, `${prefix}sho:cart`],
    [`${prefix}shops:cart`, `${prefix}shops:cart`],
    [`${prefix}shop-*:cart`, `${prefix}shop-x:cart`],
    [`${prefix}sho?:cart`, `${prefix}shox:cart`],
    [`${prefix}shop::cart`],
    [`${prefix}SHOP:*`],
    [`${prefix}*:cart:*`],
    ['system:*:shop:cart'],
    ['user:*']
  ]
  for (const [pattern, otherNamespace, otherName] of table) {
    t.match(reachOf(parsePattern(pattern), 'shop', 'cart'), { otherNamespace, otherName }, pattern)
  }
  const both = reachOf(parsePattern('*'), 'shop', 'cart')
  t.match(both.otherNamespace, /^system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+$/)
  t.notMatch(both.otherNamespace, /:shop:/)
  t.match(both.otherName, /^system:serviceaccount:shop:[a-z0-9.-]+$/)
})
