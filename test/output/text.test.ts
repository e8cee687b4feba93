import t from 'tap'
import type { Finding } from '../../src/model/finding.js'
import { reportOf } from '../../src/output/report.js'
import { reportTextOf } from '../../src/output/text.js'
import { reportWith } from '../support/report.js'

const own: Finding = {
  rule: 'role-missing',
  severity: 'error',
  field: 'metadata.annotations["eks.amazonaws.com/role-arn"]',
  message: 'role a does not exist',
  fix: 'create it',
  docs: 'https://irsa-guard.io/v0.1.0/rules/role-missing'
}
const missing: Finding = {
  ...own,
  rule: 'identity-webhook-missing',
  message: 'no identity webhook is registered',
  fix: 'register it again',
  shared: true
}

t.test(
  'says once what has one cause for all, with how many objects it concerns and the first of them',
  async (t) => {
    const report = reportWith(
      ...Array.from({ length: 500 }, (_, index) => (index === 0 ? [missing, own] : [missing]))
    )
    t.equal(
      reportTextOf(report),
      `500 objects: a.yaml:2 ServiceAccount shop/a0, a.yaml:3 ServiceAccount shop/a1, a.yaml:4 ServiceAccount shop/a2 and 497 more
  error identity-webhook-missing: no identity webhook is registered
  field: metadata.annotations["eks.amazonaws.com/role-arn"]
  fix: register it again
a.yaml:2 ServiceAccount shop/a0
  error role-missing: role a does not exist
  field: metadata.annotations["eks.amazonaws.com/role-arn"]
  fix: create it
500 objects: 501 errors, 0 warnings, 0 infos, 0 waived
`
    )
    t.equal(report.findings.length, 501, 'JSON keeps one for each object')
  }
)

t.test('says apart what differs, and what each owner has to mend', async (t) => {
  const lines = (...findings: readonly (readonly Finding[])[]): readonly string[] =>
    [...reportTextOf(reportWith(...findings)).matchAll(/^\S.*ServiceAccount.*$/gm)].map(([line]) => line)
  t.strictSame(lines([missing]), ['a.yaml:2 ServiceAccount shop/a0'], 'one is said as any other')
  t.strictSame(lines([missing], [missing]), [
    '2 objects: a.yaml:2 ServiceAccount shop/a0, a.yaml:3 ServiceAccount shop/a1'
  ])
  t.equal(lines([own], [own]).length, 2, 'the same words, but two objects to mend')
  t.equal(lines([missing], [{ ...missing, waived: 'for now' }]).length, 2, 'waived')
  t.equal(lines([missing], [{ ...missing, severity: 'warning' }]).length, 2, 'severity')
  t.equal(lines([missing], [{ ...missing, message: 'another' }]).length, 2, 'message')
})

t.test('takes time for each reason why something was not checked, not for each pair of them', async (t) => {
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespace: 'shop',
    name: 'a',
    file: 'a.yaml',
    line: 1
  }
  const reasons = Array.from(
    { length: 100_000 },
    (_, index) => `service account shop/a${index} is not among the given objects`
  )
  const unchecked = reasons.flatMap((because) =>
    ['service-account-missing', 'mutation-skipped'].map((rule) => ({ rule, because }))
  )
  const start = performance.now()
  const text = reportTextOf(reportOf(1, [{ object, findings: [], unchecked }]))
  t.match(
    text,
    /^not checked: service-account-missing, mutation-skipped for 1 object: service account shop\/a0 is not among the given objects\n/
  )
  t.equal(text.split('\n').length, 100_002)
  t.ok(performance.now() - start < 10_000, 'pairs would take minutes')
})
