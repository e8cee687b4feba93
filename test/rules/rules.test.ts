import t from 'tap'
import type { Facts } from '../../src/facts/facts.js'
import { defaultIdentityWebhook, withAnnotationPrefix } from '../../src/identity-webhook/settings.js'
import { known } from '../../src/model/fact.js'
import { parseSubject } from '../../src/model/subject.js'
import { rules } from '../../src/rules/index.js'
import { evaluate } from '../../src/verdict/evaluate.js'
import { buildPlanner } from '../../src/verdict/plan.js'
import { identityWebhook } from '../support/accounts.js'
import { withDerived } from '../support/pods.js'
import type { AnnotationCase, Case, ObjectCase } from '../support/rule-case.js'

const at = new Date('2026-11-24T00:00:00Z')

for (const rule of rules) {
  t.test(rule.id, async (t) => {
    const planFor = buildPlanner([rule])
    // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- each case file exports this array; a missing export fails here
    const { cases }: { cases: readonly Case[] } = await import(`./${rule.id}.js`)
    t.ok(
      cases.some(({ message }) => message !== undefined),
      'at least one case has a finding'
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
      const judge = (object: object, old: object | undefined, facts: Facts): ReturnType<typeof evaluate> => {
        const subject = parseSubject(object, { stage, old })
        if (subject === undefined)
          throw new Error(`${given.why}: no rule judges such an object: ${JSON.stringify(object)}`)

        const settings = facts.identityWebhook?.state === 'known' ? facts.identityWebhook.value : undefined
        const plan = planFor(subject, settings ?? defaultIdentityWebhook)

        return evaluate(plan, subject, withDerived(subject, facts), { at })
      }
      const facts = { identityWebhook, ...given.facts }
      const { findings, unchecked } = judge(object, old, facts)
      if (!dependsOnPrefix.has(rule.id)) {
        const renamed = judge(
          underOtherPrefix(object),
          old && underOtherPrefix(old),
          factsUnderOtherPrefix(facts)
        ).findings
        t.strictSame(
          renamed,
          underOtherPrefix(findings),
          `${given.why}: same result under a different annotation prefix`
        )
      }
      t.equal(findings.length, given.message === undefined ? 0 : count, given.why, { unchecked, object })
      if (given.message === undefined) continue
      t.match(
        findings[0],
        { message: given.message, ...(given.fix && { fix: given.fix }), severity, ...(field && { field }) },
        given.why
      )
    }
  })
}

/** Rules whose result depends on the key itself: on its typos, or on what its dots were taken for. */
const dependsOnPrefix = new Set(['role-annotation-misspelt', 'annotation-not-a-string'])

/** The same value for an identity webhook with a different annotation prefix. */
function underOtherPrefix<T>(value: T): T {
  const text = JSON.stringify(value).replaceAll(
    /eks\.amazonaws\.com(?=\/(?:role-arn|audience|sts-regional-endpoints|token-expiration|skip-containers)\b)/g,
    'aws.example'
  )

  return JSON.parse(text) as T // the shape is unchanged: only strings differ
}

const factsUnderOtherPrefix = ({ identityWebhook, account, ...facts }: Facts): Facts => ({
  ...facts,
  ...(identityWebhook?.state === 'known' && {
    identityWebhook: known(withAnnotationPrefix(identityWebhook.value, 'aws.example'))
  }),
  ...(account && { account: underOtherPrefix(account) })
})

function objectCaseOf({
  annotation,
  annotations,
  before,
  atAdmission = 'error',
  ...rest
}: AnnotationCase): ObjectCase {
  const accountOf = (value: unknown): object => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'cart',
      namespace: 'shop',
      annotations: { ...annotations, ...(value !== undefined && { 'eks.amazonaws.com/role-arn': value }) }
    }
  })

  return {
    ...rest,
    object: accountOf(annotation),
    severity: atAdmission,
    ...(before !== undefined && { old: accountOf(before) })
  }
}
