import t from 'tap'
import type { Finding } from '../../src/model/finding.js'
import type { Verdict } from '../../src/verdict/decide.js'
import { mergeVerdicts } from '../../src/verdict/merge.js'

const finding = (field: string, message = 'no such account', more: Partial<Finding> = {}): Finding => ({
  ...{
    rule: 'service-account-missing',
    severity: 'warning',
    field,
    message,
    fix: 'make it',
    docs: 'https://irsa-guard.io/v0.1.0/rules/service-account-missing'
  },
  ...more
})
const verdict = (more: Partial<Verdict> = {}): Verdict => ({
  allowed: true,
  mode: 'enforce',
  findings: [],
  unchecked: [],
  ...more
})

t.test('may pass if each part may', async (t) => {
  t.equal(mergeVerdicts([verdict(), verdict()]).allowed, true)
  t.equal(mergeVerdicts([verdict(), verdict({ allowed: false })]).allowed, false)
  t.equal(mergeVerdicts([verdict({ iamAge: 2 }), verdict(), verdict({ iamAge: 7 })]).iamAge, 7)
  t.equal(mergeVerdicts([verdict(), verdict()]).iamAge, undefined)
})

t.test('tells once what several parts have, and where else', async (t) => {
  const merged = mergeVerdicts([
    verdict({
      findings: [finding('spec.a'), finding('metadata', 'as a whole')],
      unchecked: [{ rule: 'a', because: 'b' }]
    }),
    verdict({
      findings: [finding('spec.b'), finding('metadata', 'as a whole')],
      unchecked: [{ rule: 'a', because: 'b' }]
    }),
    verdict({
      findings: [finding('spec.c', 'another'), finding('spec.c', 'no such account', { severity: 'error' })]
    })
  ])
  t.strictSame(merged.findings, [
    { ...finding('spec.a', 'no such account'), alsoAt: ['spec.b'] },
    finding('metadata', 'as a whole'),
    finding('spec.c', 'another'),
    finding('spec.c', 'no such account', { severity: 'error' })
  ])
  t.strictSame(merged.unchecked, [{ rule: 'a', because: 'b' }])
})
