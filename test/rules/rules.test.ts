import t from 'tap'
import { parseSubject, roleArnAnnotation } from '../../src/model/subject.js'
import { rules } from '../../src/rules/index.js'
import { evaluate } from '../../src/verdict/evaluate.js'
import { buildPlanner } from '../../src/verdict/plan.js'
import { identityWebhook } from '../support/accounts.js'
import type { AnnotationCase, Case, ObjectCase } from '../support/rule-case.js'

const at = new Date('2026-11-24T00:00:00Z')

for (const rule of rules) {
  t.test(rule.id, async (t) => {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- each case file exports this list; a missing one fails here
    const { cases }: { cases: readonly Case[] } = await import(`./${rule.id}.js`)
    t.ok(
      cases.some(({ message }) => message !== undefined),
      'it speaks at least once'
    )
    for (const given of cases) {
      const {
        object,
        stage = 'admitted',
        old,
        severity = rule.on.includes('Pod') || rule.on.includes('Workload') ? 'warning' : rule.severity,
        field,
        count = 1
      } = 'object' in given ? given : objectCaseOf(given)
      const subject = parseSubject(object, { stage, old })
      if (subject === undefined) throw new Error(`${given.why}: not a subject`)
      const { findings } = evaluate(buildPlanner([rule])(subject), subject, { identityWebhook, ...given.facts }, { at })
      t.equal(findings.length, given.message === undefined ? 0 : count, given.why)
      if (given.message === undefined) continue
      t.match(findings[0], { message: given.message, ...(given.fix && { fix: given.fix }), severity, ...(field && { field }) }, given.why)
    }
  })
}

function objectCaseOf({ annotation, annotations, before, atAdmission = 'error', ...rest }: AnnotationCase): ObjectCase {
  const accountOf = (value: unknown): object => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'cart',
      namespace: 'shop',
      annotations: { ...annotations, ...(value !== undefined && { [roleArnAnnotation]: value }) }
    }
  })

  return { ...rest, object: accountOf(annotation), severity: atAdmission, ...(before !== undefined && { old: accountOf(before) }) }
}
