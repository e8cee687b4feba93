import t from 'tap'
import { differenceIn, type Excerpt, excerptOf } from '../../src/text/excerpt.js'

/** A value with its wrong part in brackets. */
const shown = (excerpt: Excerpt | undefined): string | undefined =>
  excerpt &&
  `${excerpt.text.slice(0, excerpt.from)}[${excerpt.text.slice(excerpt.from, excerpt.to)}]${excerpt.text.slice(excerpt.to)}`

t.test('an excerpt marks a part of a value, and neither nothing nor everything', async (t) => {
  t.equal(shown(excerptOf('arn:aws:iam::1:policy/a', 'policy')), 'arn:aws:iam::1:[policy]/a')
  t.equal(excerptOf('a', 'a'), undefined)
  t.equal(excerptOf('a', ''), undefined)
  t.equal(excerptOf('a', 'b'), undefined)
})

t.test('the difference between two values is marked by whole parts', async (t) => {
  const table: readonly (readonly [string, string, string | undefined])[] = [
    [
      'system:serviceaccount:shop:cart',
      'system:serviceaccount:stop:cart',
      'system:serviceaccount:[shop]:cart'
    ],
    [
      'system:serviceaccount:shop:cart',
      'system:serviceaccount:shop:card',
      'system:serviceaccount:shop:[cart]'
    ],
    ['system:serviceaccount:a:b', 'system:serviceaccount:c:d', 'system:serviceaccount:[a:b]'],
    ['sts.amazonaws.com', 'sts.amazonaws.com.cn', 'sts.amazonaws.[com]'],
    ['sts.amazonaws.com.cn', 'sts.amazonaws.com', 'sts.amazonaws.[com.cn]'],
    ['a:a:a', 'a:a', 'a:[a]:a'],
    ['a::b', 'a:b', undefined],
    ['a', 'a', undefined],
    ['a', 'b', undefined],
    ['', 'b', undefined]
  ]
  for (const [text, expected, marked] of table) t.equal(shown(differenceIn(text, expected)), marked, text)
})
