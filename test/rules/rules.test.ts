import t from 'tap'
import { parseSubject, roleArnAnnotation } from '../../src/model/subject.js'
import { rules } from '../../src/rules/index.js'
import { evaluate } from '../../src/verdict/evaluate.js'
import type { Case } from '../support/rule-case.js'

const at = new Date('2026-11-24T00:00:00Z')

for (const rule of rules) {
  t.test(rule.id, async (t) => {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- each case file exports this list; a missing one fails here
    const { cases }: { cases: readonly Case[] } = await import(`./${rule.id}.js`)
    for (const { why, annotation, annotations, before, object, old, facts = {}, message, fix, atAdmission = 'error' } of cases) {
      const accountOf = (value: unknown): object => ({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: {
          name: 'cart',
          namespace: 'shop',
          annotations: { ...annotations, ...(value !== undefined && { [roleArnAnnotation]: value }) }
        }
      })
      const subject = parseSubject(object ?? accountOf(annotation), {
        stage: 'admitted',
        old: old ?? (before === undefined ? undefined : accountOf(before))
      })
      if (subject === undefined) throw new Error('the case is about an object that no rule looks at')
      const { findings } = evaluate([rule], subject, facts, { at })
      t.equal(findings.length, message === undefined ? 0 : 1, why)
      if (message !== undefined) t.match(findings[0], { message, ...(fix && { fix }), severity: atAdmission }, why)
    }
  })
}
