import t from 'tap'
import { accountOf } from '../../src/model/service-account.js'

const keeps = (annotations: unknown): unknown => {
  const account = accountOf({ metadata: { name: 'cart', annotations } })
  return account.exists && account.annotations
}

t.test('keeps what an identity webhook of any prefix reads, and our own, and nothing else', async (t) => {
  const role = 'arn:aws:iam::111122223333:role/cart'
  const kept = {
    'eks.amazonaws.com/role-arn': role,
    'aws.example/role-arn': role,
    'eks.amazonaws.com/audience': '',
    'ignore.irsa-guard.io/pod-not-mutated': 'known',
    'irsa-guard.io/note': 'a'
  }
  t.strictSame(
    keeps({
      ...kept,
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      'meta.helm.sh/release-name': 'cart'
    }),
    kept
  )
  t.strictSame(keeps({ 'notirsa-guard.io/a': 'b', 'eks.amazonaws.com/role-arn/x': 'c' }), {})
})

t.test('remembers nothing long, and takes any shape', async (t) => {
  t.strictSame(keeps({ 'eks.amazonaws.com/role-arn': 'a'.repeat(2049), 'eks.amazonaws.com/audience': 7 }), {})
  for (const object of [undefined, 7, {}, { metadata: [] }, { metadata: { annotations: 'a' } }])
    t.strictSame(accountOf(object), { exists: true, annotations: {} })
})

t.test('accounts that ask for nothing share one answer', async (t) => {
  t.equal(
    accountOf({ metadata: { name: 'a' } }),
    accountOf({ metadata: { name: 'b', annotations: { c: 'd' } } })
  )
})
