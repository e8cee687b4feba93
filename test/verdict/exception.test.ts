import t from 'tap'
import { type ParsedException, parseException } from '../../src/model/exception.js'
import { parseSubject } from '../../src/model/subject.js'
import { exceptionFor } from '../../src/verdict/exception.js'

const at = new Date('2026-11-24T12:00:00Z')
const exception = (object: string, until?: string, rule = 'role-missing'): ParsedException => {
  const parsed = parseException({ rule, object, reason: `because of ${object}`, until })
  if (parsed === undefined) throw new Error(`${object} is not parsed`)
  return parsed
}
const subjectOf = (apiVersion: string, kind: string, metadata: object) => {
  const subject = parseSubject(
    {
      apiVersion,
      kind,
      metadata,
      spec: { template: { spec: { containers: [{ name: 'app', image: 'app' }] } } }
    },
    { stage: 'source' }
  )
  if (subject === undefined) throw new Error(`${kind} is no subject`)
  return subject
}
const account = subjectOf('v1', 'ServiceAccount', { name: 'cart-api', namespace: 'shop' })
const deployment = subjectOf('apps/v1', 'Deployment', { name: 'cart', namespace: 'shop' })
const namespace = subjectOf('v1', 'Namespace', { name: 'shop' })
const homeless = subjectOf('v1', 'ServiceAccount', { name: 'cart-api' })

t.test('matches kind, namespace and name, with wildcards', async (t) => {
  const table: readonly (readonly [object: string, subject: typeof account, isFound: boolean])[] = [
    ['ServiceAccount shop/cart-api', account, true],
    ['ServiceAccount shop/cart-*', account, true],
    ['ServiceAccount */cart-ap?', account, true],
    ['ServiceAccount shop/cart', account, false],
    ['ServiceAccount pay/cart-api', account, false],
    ['ServiceAccount cart-api', account, false],
    ['ServiceAccount */cart-api', homeless, false],
    ['serviceaccount shop/cart-api', account, false],
    ['Deployment shop/cart', deployment, true],
    ['Workload shop/cart', deployment, false],
    ['Namespace shop', namespace, true],
    ['Namespace */shop', namespace, false]
  ]
  for (const [object, subject, isFound] of table)
    t.strictSame(
      exceptionFor([exception(object)], subject, 'role-missing', at),
      isFound ? { reason: `because of ${object}` } : undefined,
      object
    )
  t.equal(
    exceptionFor([exception('ServiceAccount */*')], account, 'role-path-mismatch', at),
    undefined,
    'another rule'
  )
})

t.test('is in effect through its last day, and then says that it expired', async (t) => {
  const found = (...until: readonly (string | undefined)[]) =>
    exceptionFor(
      until.map((day) => exception('ServiceAccount shop/*', day)),
      account,
      'role-missing',
      at
    )
  const valid = { reason: 'because of ServiceAccount shop/*' }
  const expired = {
    waiver: 'the exception for ServiceAccount shop/* in the configuration',
    lapsed: 'it expired at the end of 2026-11-23 (UTC)'
  }
  t.strictSame(found('2026-11-24'), { ...valid, until: '2026-11-24' })
  t.strictSame(found(undefined), valid)
  t.strictSame(found('2026-11-23'), expired)
  t.strictSame(
    found('2026-11-23', '2027-01-31'),
    { ...valid, until: '2027-01-31' },
    'another one for the same object is valid'
  )
})

t.test('rejects what is not an object or a day', async (t) => {
  for (const object of [
    '',
    'ServiceAccount',
    'shop/cart',
    'ServiceAccount a/b/c',
    'ServiceAccount  a',
    'ServiceAccount a b'
  ])
    t.equal(parseException({ rule: 'r', object, reason: 'x', until: undefined }), undefined, object)
  t.equal(parseException({ rule: 'r', object: 'Namespace a', reason: 'x', until: '2027-02-30' }), undefined)
})
