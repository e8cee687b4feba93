import type { Finding } from '../../src/model/finding.js'
import { type ObjectReference, type ObjectVerdict, type Report, reportOf } from '../../src/output/report.js'
import { rules } from '../../src/rules/index.js'

/** A service account in a file. */
export const account = (name: string, place: Partial<ObjectReference> = {}): ObjectReference => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  namespace: 'shop',
  name,
  file: 'shop.yaml',
  line: 7,
  ...place
})

/** A service account in a cluster. */
export const accountIn = (cluster: string, namespace: string, name: string): ObjectReference => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  namespace,
  name,
  cluster
})

/** A finding of a rule, with the severity and page of the rule. */
export function findingOf(id: string, rest: Partial<Finding> = {}): Finding {
  const rule = rules.find((rule) => rule.id === id)
  if (rule === undefined) throw new Error(`there is no rule ${id}`)

  return {
    rule: id,
    severity: rule.severity,
    docs: rule.docs,
    field: 'metadata.annotations["eks.amazonaws.com/role-arn"]',
    message: `message of ${id}`,
    fix: `fix of ${id}`,
    ...rest
  }
}

export const summaryOf = (id: string): string => rules.find((rule) => rule.id === id)?.summary ?? id

/** A report of verdicts whose objects were all judged. */
export const judgedReport = (...verdicts: readonly (readonly [ObjectReference, ...Finding[]])[]): Report =>
  reportOf(
    { objects: verdicts.length, judged: verdicts.length },
    verdicts.map(([object, ...findings]): ObjectVerdict => ({ object, findings, unchecked: [] })),
    summaryOf
  )

/**
 * A report with this many findings in two clusters and a hundred namespaces. Half of them have one cause in each
 * cluster; each of the others is a cause by itself. One of a thousand is waived.
 */
export function largeReport(count: number): Report {
  const own = ['role-missing', 'role-arn-malformed', 'trust-subject-too-broad', 'trust-policy-near-limit']

  return judgedReport(
    ...Array.from({ length: count }, (_, index) => {
      const object = accountIn(index % 3 === 0 ? 'prod-us' : 'prod-eu', `team-${index % 100}`, `app-${index}`)
      const role = `arn:aws:iam::111122223333:role/${index % 2 === 0 ? 'shared' : `app-${index}`}`
      const finding =
        index % 2 === 0
          ? findingOf('trust-subject-mismatch', {
              cause: role,
              message: `role shared does not trust system:serviceaccount:team-${index % 100}:app-${index}`,
              fix: `add "system:serviceaccount:team-${index % 100}:app-${index}" to that condition`
            })
          : findingOf(own[((index - 1) / 2) % own.length] ?? '', {
              message: `role ${role} is wrong in one of the ways that a role can be`,
              fix: `correct the role: aws iam get-role --role-name app-${index}`,
              ...(index % 1000 === 1 && { waived: 'moves to another account' })
            })

      return [object, finding] as const
    })
  )
}
