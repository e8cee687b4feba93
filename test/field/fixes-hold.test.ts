import { execFileSync } from 'node:child_process'
import t from 'tap'
import type { Facts } from '../../src/facts/facts.js'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import type { Finding } from '../../src/model/finding.js'
import { parseSubject } from '../../src/model/subject.js'
import { rules } from '../../src/rules/index.js'
import { recordOf } from '../../src/text/record.js'
import { evaluate } from '../../src/verdict/evaluate.js'
import { buildPlanner } from '../../src/verdict/plan.js'
import { identityWebhook } from '../support/accounts.js'
import { withDerived } from '../support/pods.js'
import type { Case, ObjectCase } from '../support/rule-case.js'

const at = new Date('2026-11-24T00:00:00Z')

/** A case with a finding, from a rule's own tests. */
interface Found {
  readonly object: object
  readonly stage: NonNullable<ObjectCase['stage']>
  readonly old: object | undefined
  readonly facts: Facts
  readonly finding: Finding
}

async function foundBy(id: string): Promise<Found[]> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- test/rules/rules.test.ts checks these exports
  const { cases }: { cases: readonly Case[] } = await import(`../rules/${id}.js`)

  return cases.flatMap((given) => {
    if (given.message === undefined) return []
    const object =
      'object' in given
        ? given.object
        : {
            apiVersion: 'v1',
            kind: 'ServiceAccount',
            metadata: {
              name: 'cart',
              namespace: 'shop',
              annotations: { ...given.annotations, 'eks.amazonaws.com/role-arn': given.annotation }
            }
          }
    const stage = ('stage' in given ? given.stage : undefined) ?? 'admitted'
    const old = 'old' in given ? given.old : undefined
    const facts: Facts = { identityWebhook, ...given.facts }

    return judge(id, object, { stage, old, facts }).map((finding) => ({ object, stage, old, facts, finding }))
  })
}

function judge(
  id: string,
  object: object,
  { stage, old, facts }: Pick<Found, 'stage' | 'old' | 'facts'>
): Finding[] {
  const subject = parseSubject(object, { stage, old })
  if (subject === undefined) return []
  const settings =
    facts.identityWebhook?.state === 'known' ? facts.identityWebhook.value : defaultIdentityWebhook

  return evaluate(
    buildPlanner(rules.filter((rule) => rule.id === id))(subject, settings),
    subject,
    withDerived(subject, facts),
    { at }
  ).findings
}

/** Applies a fix to an object; undefined if the fix cannot be applied by a program. */
type Apply = (found: Found) => object | undefined

const withMetadata = (object: object, metadata: object): object => ({
  ...object,
  metadata: { ...recordOf(recordOf(object)['metadata']), ...metadata }
})
const mapOf = (object: object, kind: 'annotations' | 'labels'): Readonly<Record<string, unknown>> =>
  recordOf(recordOf(recordOf(object)['metadata'])[kind])
const keyOf = ({ field }: Finding): string => /\["(.+)"\]$/.exec(field)?.[1] ?? ''
const kindOf = ({ field }: Finding): 'annotations' | 'labels' =>
  field.includes('.labels[') ? 'labels' : 'annotations'
/** The same object with the value of the finding's annotation or label replaced; undefined removes it. */
const replaced = ({ object, finding }: Found, value: unknown): object => {
  const kind = kindOf(finding)
  const entries = Object.entries(mapOf(object, kind)).filter(([key]) => key !== keyOf(finding))
  if (value !== undefined) entries.push([keyOf(finding), value])

  return withMetadata(object, { [kind]: Object.fromEntries(entries) })
}
const written = (fix: string): string | undefined => /(?:^|, )write ("?)([^" ,]+)\1(?:,|$)/.exec(fix)?.[2]

/** The rules whose fix changes an annotation, a label or a value, and how the fix is applied. */
const applied: Readonly<Record<string, Apply>> = {
  'role-arn-malformed': (found) => {
    const value = written(found.finding.fix)
    return value === undefined || value.includes('<') || value === 'the' ? undefined : replaced(found, value)
  },
  'role-path-mismatch': (found) => replaced(found, written(found.finding.fix)),
  'role-annotation-misspelt': (found) => {
    const key = written(found.finding.fix)
    return key === undefined
      ? undefined
      : withMetadata(replaced(found, undefined), {
          annotations: {
            ...mapOf(replaced(found, undefined), 'annotations'),
            [key]: 'arn:aws:iam::111122223333:role/cart'
          }
        })
  },
  'role-annotation-missing': ({ object, finding }) => {
    const [, key = '', word = ''] =
      /^kubectl annotate serviceaccount \S+ -n \S+ ([^=]+)=(\S+);/.exec(finding.fix) ?? []
    const role = execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' }) // as the shell reads it
    return withMetadata(object, { annotations: { ...mapOf(object, 'annotations'), [key]: role } })
  },
  'annotation-not-a-string': (found) => {
    const split = /annotations\.(.+?)=/.exec(found.finding.fix)?.[1]?.replaceAll('\\', '')
    if (split === undefined || !found.finding.field.startsWith('metadata.annotations')) return undefined
    const rest = replaced(found, undefined)
    return withMetadata(rest, {
      annotations: { ...mapOf(rest, 'annotations'), [split]: 'arn:aws:iam::111122223333:role/cart' }
    })
  },
  'companion-annotation-invalid': (found) => {
    const [, value] = /"(true|[a-z0-9-]+(?:,[a-z0-9-]+)*)"(?: or "false")?$/.exec(found.finding.fix) ?? []
    return value === undefined || !found.finding.field.startsWith('metadata.')
      ? undefined
      : replaced(found, value)
  },
  'namespace-setting-invalid': (found) => {
    const { object, finding } = found
    const [, kind, key] = /^write the (label|annotation) (\S+)$/.exec(finding.fix) ?? []
    const rest = replaced(found, undefined)
    const value = mapOf(object, kindOf(finding))[keyOf(finding)]
    const to = /^make it (?:a|an) (label|annotation)$/.exec(finding.fix)?.[1] ?? kind
    if (to !== undefined) {
      const target = to === 'label' ? 'labels' : 'annotations'
      const name = key ?? keyOf(finding)
      const right = name === 'irsa-guard.io/allowed-roles' ? '*' : value
      return withMetadata(rest, { [target]: { ...mapOf(rest, target), [name]: right } })
    }
    const exact = /^write "(\w+)"/.exec(finding.fix)?.[1]
    return exact === undefined ? rest : replaced(found, exact)
  },
  'review-version-unsupported': ({ object }) => {
    const webhooks = (recordOf(object)['webhooks'] as object[]).map((webhook) => ({
      ...webhook,
      admissionReviewVersions: ['v1beta1']
    }))
    return { ...object, webhooks }
  },
  'role-on-default-service-account': (found) => replaced(found, undefined)
}

for (const [id, apply] of Object.entries(applied)) {
  t.test(`the fix of ${id} removes the finding and causes no new error`, async (t) => {
    let count = 0
    for (const found of await foundBy(id)) {
      const object = apply(found)
      if (object === undefined) continue
      count++
      const after = judge(id, object, found)
      const isSame = ({ field, message }: Finding): boolean =>
        field === found.finding.field && message === found.finding.message
      t.notOk(after.some(isSame), `${found.finding.message} → ${found.finding.fix}`)
      for (const { id: other } of rules) {
        const before = judge(other, found.object, found).filter(({ severity }) => severity === 'error')
        const errors = judge(other, object, found).filter(({ severity }) => severity === 'error')
        t.ok(errors.length <= before.length, `${other} after ${found.finding.fix}`)
      }
    }
    t.ok(count > 0, `${count} fixes were applied`)
  })
}

t.test('a fix names no ARN, statement or key that is not in the input', async (t) => {
  // A fix can also name keys that AWS, irsa-guard and others define, and examples that are marked as such.
  const isKnown = (name: string): boolean =>
    /^(?:eks\.amazonaws\.com|aws\.example|[a-z.]*irsa-guard\.io|cert-manager\.io|service\.(?:beta|alpha)\.openshift\.io|kubernetes\.io)\//.test(
      name
    )
  for (const { id } of rules) {
    for (const { object, old, facts, finding } of await foundBy(id)) {
      const input = JSON.stringify([object, old, facts, [...mapEntries(facts)]], (_key, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value
      )
      const fix = finding.fix.replaceAll(/such as [^;]*|\{"<namespace>[^;]*/g, '') // examples
      for (const [arn] of fix.matchAll(/arn:aws[\w-]*:[\w:/+=,.@-]*[\w/]/g)) {
        const isPlaceholder = /iam::(?:$|[^0-9])|:role$|:role\/$/.test(arn)
        const isFromInput = input.includes(arn) || isBuiltFrom(arn, input)
        t.ok(isPlaceholder || isFromInput, `${id}: ${arn} in ${finding.fix}`)
      }
      for (const [, number = ''] of fix.matchAll(/statement (\d+)/g))
        t.ok(finding.message.includes(`statement ${number}`), `${id}: statement ${number} in ${finding.fix}`)
      for (const [, key = ''] of fix.matchAll(/(?:annotation|label) ([a-z0-9.-]+\/[\w.-]+)/g))
        t.ok(isKnown(key) || input.includes(key), `${id}: ${key} in ${finding.fix}`)
    }
  }
})

/** The elements of maps and sets, which JSON leaves out. */
function* mapEntries(facts: Facts): Iterable<unknown> {
  for (const fact of Object.values(facts)) {
    const value: unknown = fact.state === 'known' ? fact.value : undefined
    for (const member of Object.values(recordOf(value))) {
      if (member instanceof Map || member instanceof Set) yield [...(member as Set<unknown>)]
    }
  }
}

/** Whether the input contains the account and the name of an ARN in a malformed value. */
function isBuiltFrom(arn: string, input: string): boolean {
  const [, , , , account = '', resource = ''] = arn.split(':')
  const asFloat = String(Number(account) / 10 ** (account.length - 1)) // Helm writes 1.11122223333e+11
  const isNamed = [account.replace(/^0+/, ''), asFloat].some((text) =>
    input.replaceAll('-', '').includes(text)
  )

  return isNamed && input.includes(resource.slice(resource.lastIndexOf('/') + 1))
}
