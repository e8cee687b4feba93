import t from 'tap'
import { stepNames } from '../../src/diagnosis/diagnosis.js'
import { stepOfRule, toldOf } from '../../src/diagnosis/step-rules.js'
import type { Finding } from '../../src/model/finding.js'
import { rules } from '../../src/rules/index.js'

const finding = (rule: string, parts: Partial<Finding> = {}): Finding => ({
  rule,
  severity: 'error',
  field: 'spec',
  message: 'wrong',
  fix: 'change it',
  docs: 'https://example.com',
  ...parts
})

t.test('every rule has a step, and every step of the table is one', async (t) => {
  t.strictSame(
    rules.map(({ id }) => id).filter((id) => stepOfRule[id] === undefined),
    []
  )
  t.strictSame(
    Object.keys(stepOfRule).filter((id) => !rules.some((rule) => rule.id === id)),
    []
  )
  for (const [step] of Object.values(stepOfRule)) t.ok(stepNames.includes(step), step)
})

t.test('an error breaks its step, and a warning only where nothing else can be meant', async (t) => {
  const told = toldOf([
    finding('role-missing'),
    finding('trust-subject-mismatch', { severity: 'warning' }),
    finding('windows-token-path', { severity: 'warning' }),
    finding('mutation-skipped', { severity: 'info' }),
    finding('mutation-preempted'),
    finding('trust-depends-on-runtime', { severity: 'warning' }),
    finding('oidc-provider-missing', { waived: 'not used' })
  ])
  t.equal(told('role').wrong.length, 1)
  t.equal(told('trust-policy').wrong.length, 0)
  t.equal(told('trust-policy').remarks.length, 1)
  t.equal(told('trust-policy').doubts.length, 1)
  t.equal(told('token').wrong.length, 1)
  t.equal(told('containers').remarks.length, 1, 'an info')
  t.equal(told('containers').explaining.length, 1)
  t.equal(told('provider').remarks.length, 1, 'a waived finding')
  t.equal(told('pod').wrong.length, 0)
})

t.test('one rule judges both roles of an association', async (t) => {
  const told = toldOf([
    finding('pod-identity-role-missing', { message: 'role a does not exist' }),
    finding('pod-identity-role-missing', { message: 'target role b does not exist' }),
    finding('pod-identity-too-broad', { field: 'spec.targetRoleArn', severity: 'warning' }),
    finding('trust-depends-on-runtime')
  ])
  t.equal(told('role').wrong.length, 1)
  t.equal(told('target-role').wrong.length, 1)
  t.equal(told('target-role').remarks.length, 1)
  t.equal(told('trust-policy').wrong.length, 1, 'an error is no doubt')
})
