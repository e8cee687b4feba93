import t from 'tap'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { parseSubject, type Subject } from '../../src/model/subject.js'
import { defineRule } from '../../src/rules/define-rule.js'
import { buildPlanner } from '../../src/verdict/plan.js'
import { accountOf } from '../support/accounts.js'
import { podOf } from '../support/pods.js'

const check = (): undefined => undefined
const rules = [
  defineRule({
    id: 'always',
    summary: '',
    severity: 'error',
    on: ['ServiceAccount'],
    needs: ['role', 'now'],
    check
  }),
  defineRule({
    id: 'later',
    summary: '',
    severity: 'error',
    atAdmission: 'never',
    on: ['ServiceAccount'],
    needs: ['neighbours'],
    check
  }),
  defineRule({
    id: 'a',
    summary: '',
    severity: 'error',
    on: ['ServiceAccount'],
    needs: ['trust'],
    concerns: ({ annotations }) => 'a' in annotations,
    check
  }),
  defineRule({
    id: 'b',
    summary: '',
    severity: 'error',
    on: ['ServiceAccount'],
    needs: ['issuer'],
    concerns: ({ annotations }) => 'b' in annotations,
    check
  }),
  defineRule({
    id: 'pods',
    summary: '',
    severity: 'error',
    on: ['Pod', 'Workload'],
    needs: ['account'],
    check
  })
]
const planFor = buildPlanner(rules)

const plannedFor = (
  object: object,
  stage: Subject['stage'] = 'admitted'
): { ids: string[]; needs: string[] } => {
  const subject = parseSubject(object, { stage })
  if (subject === undefined) throw new Error('this is a subject')
  const plan = planFor(subject, defaultIdentityWebhook)

  return { ids: plan.rules.map(({ id }) => id), needs: [...plan.needs] }
}

t.test('a plan is that of its subject, whatever was asked about before', async (t) => {
  for (let turn = 0; turn < 2; turn++) {
    t.strictSame(plannedFor(accountOf()), { ids: ['always'], needs: ['namespace', 'role', 'now'] })
    t.strictSame(plannedFor(accountOf({ a: '' })), {
      ids: ['always', 'a'],
      needs: ['namespace', 'role', 'now', 'trust']
    })
    t.strictSame(plannedFor(accountOf({ b: '' })), {
      ids: ['always', 'b'],
      needs: ['namespace', 'role', 'now', 'issuer']
    })
    t.strictSame(plannedFor(accountOf({ a: '', b: '' })).ids, ['always', 'a', 'b'])
    t.strictSame(plannedFor(accountOf({ a: '' }), 'source').ids, ['always', 'later', 'a'])
    t.strictSame(plannedFor(podOf()), { ids: ['pods'], needs: ['namespace', 'account'] })
  }
})
