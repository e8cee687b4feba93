import t from 'tap'
import { isNamespaceName, isObjectName } from '../../src/model/object-name.js'

t.test('knows the names that Kubernetes takes', async (t) => {
  const table: readonly (readonly [string, boolean, boolean])[] = [
    ['shop', true, true],
    ['0-a', true, true],
    ['a.b-c.0', false, true],
    ['a'.repeat(63), true, true],
    ['a'.repeat(64), false, true],
    ['a'.repeat(254), false, false],
    ['', false, false],
    ['-a', false, false],
    ['a-', false, false],
    ['a..b', false, false],
    ['a.-b', false, false],
    ['A', false, false],
    ['a/b', false, false],
    ['a\n', false, false],
    ['=a', false, false]
  ]
  for (const [name, isNamespace, isObject] of table)
    t.strictSame([isNamespaceName(name), isObjectName(name)], [isNamespace, isObject], name)
})
