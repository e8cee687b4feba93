import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import { paint, plainStyle, type Style, wrapped } from '../../src/output/style.js'

const at = (width: number): Style => ({ ...plainStyle, width })

t.test('colors take no room on a line', async (t) => {
  const colored: Style = { ...at(20), color: true }
  const lines = wrapped('the words of a text', `${paint('!', 'yellow', colored)} `, colored, '  ')
  t.strictSame(lines.map(stripVTControlCharacters), wrapped('the words of a text', '! ', at(20), '  '))
  t.strictSame(lines.map(stripVTControlCharacters), ['! the words of a', '  text'])
})

t.test('a command at the end of a text stays on one line', async (t) => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    [
      'create it: aws iam create-role --role-name cart',
      ['create it:', 'aws iam create-role --role-name cart']
    ],
    [
      'render it first: kubectl kustomize a | irsa-guard check -',
      ['render it first:', 'kubectl kustomize a | irsa-guard check -']
    ],
    [
      'now: irsa-guard wait sa/cart -n shop --timeout 2m',
      ['now:', 'irsa-guard wait sa/cart -n shop --timeout 2m']
    ],
    ['short: helm list', ['short: helm list']],
    ['not known: irsa-guard does not know the kind', ['not known: irsa-guard does', 'not know the kind']],
    ['written with helm --set or with kubectl edit', ['written with helm --set or', 'with kubectl edit']]
  ]
  for (const [text, lines] of table) t.strictSame(wrapped(text, '', at(26)), lines, text)
  t.strictSame(wrapped('now: irsa-guard scan', '  ', plainStyle), ['  now: irsa-guard scan'], 'a pipe')
})
