import t from 'tap'
import type { Finding } from '../../src/model/finding.js'
import { parseSubject } from '../../src/model/subject.js'
import { admissionResponseOf } from '../../src/output/admission-response.js'
import { podOf } from '../support/pods.js'

const subject = parseSubject(podOf(), { stage: 'admitted' })
if (subject === undefined) throw new Error('podOf makes pods')

const findings = (count: number, severity: Finding['severity'], message = 'is wrong'): Finding[] =>
  Array.from({ length: count }, (_, index) => ({
    rule: 'pod-half-mutated',
    severity,
    field: `spec.containers[${index}]`,
    message: `container ${index} ${message}`,
    fix: 'create the pod again',
    docs: ''
  }))
const respond = (
  list: readonly Finding[],
  mode: 'enforce' | 'warn' = 'enforce',
  unchecked: { rule: string; because: string }[] = []
) =>
  admissionResponseOf('u-1', subject, {
    allowed: mode === 'warn' || !list.some(({ severity }) => severity === 'error'),
    mode,
    findings: list,
    unchecked
  })

t.test('names 24 errors and counts the rest', async (t) => {
  const { status, auditAnnotations } = respond(findings(1000, 'error'))
  const lines = status?.message.split('\n') ?? []
  t.equal(lines.length, 2 * 24 + 1)
  t.match(lines[0], /^pod shop\/\S+: pod-half-mutated: container 0 is wrong$/)
  t.equal(lines[2], '- pod-half-mutated: container 1 is wrong')
  t.equal(lines.at(-1), '- more errors: 976')
  t.strictSame(auditAnnotations, { findings: 'pod-half-mutated' }, 'each rule once')
})

t.test('names no generated name, so that each attempt of a ReplicaSet has the same Event', async (t) => {
  const messageOf = (metadata: object): string | undefined => {
    const made = parseSubject(
      { ...podOf(), metadata: { namespace: 'shop', ...metadata } },
      { stage: 'admitted' }
    )
    if (made === undefined) throw new Error('podOf makes pods')
    const verdict = {
      allowed: false,
      mode: 'enforce',
      findings: findings(1, 'error'),
      unchecked: []
    } as const
    return admissionResponseOf('u-1', made, verdict).status?.message
  }
  const told = 'pod shop/cart-5d4f-*: pod-half-mutated: container 0 is wrong\n  fix: create the pod again'
  t.equal(messageOf({ generateName: 'cart-5d4f-', name: 'cart-5d4f-x7k2p' }), told)
  t.equal(messageOf({ generateName: 'cart-5d4f-' }), told)
  t.match(messageOf({ name: 'cart' }), /^pod shop\/cart: pod-half-mutated: /)
})

t.test('names 24 warnings and counts the rest', async (t) => {
  const { warnings = [] } = respond(findings(25, 'error'), 'warn')
  t.equal(warnings.length, 2 * 24 + 1)
  t.equal(warnings.at(-1), 'irsa-guard: more warnings: 1')
})

t.test('names 24 reasons for what was not checked and counts the rest', async (t) => {
  const unchecked = Array.from({ length: 30 }, (_, index) => ({
    rule: 'role-missing',
    because: `IAM refused role ${index}`
  }))
  const { warnings = [] } = respond([], 'enforce', unchecked)
  t.equal(warnings.length, 25)
  t.equal(warnings.at(-1), 'not checked: more reasons: 6')
})

t.test('cuts a message that is longer than 2,000 characters', async (t) => {
  const { status } = respond(findings(1, 'error', 'x'.repeat(100_000)))
  t.ok((status?.message.length ?? 0) < 2200)
  t.match(status?.message, /… \(100012 characters\)/)
})
