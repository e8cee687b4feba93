import { statementNamed } from '../model/statement-named.js'
import { closestTo } from '../text/closest.js'
import { quote } from '../text/escape.js'
import { otherSubject } from '../trust-policy/hide-others.js'
import type { TrustJudgement } from '../trust-policy/judge.js'
import { defineRule } from './define-rule.js'
import { conditionsShown, roleNamed, tokenExcerpt, trustProblem } from './trust-wording.js'

export const trustSubjectMismatch = defineRule({
  id: 'trust-subject-mismatch',
  summary: 'The role trusts other service accounts, but not this one.',
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'subject') return

    const problem = trustProblem(
      account,
      trust,
      identityWebhook,
      `${roleNamed(account, identityWebhook)} does not trust ${trust.subject}: in its ${statementNamed(miss.statement)}, ${conditionsShown(miss.failed)}`,
      miss.failed[0]?.isNegated === true
        ? 'point the annotation at a role for this service account, because that condition excludes it by name'
        : fixOf(trust, miss.failed[0]?.wanted[0] ?? '')
    )

    return { ...problem, ...tokenExcerpt(miss.failed) }
  }
})

/**
 * The fix. If the service account probably has the wrong name or namespace, the fix begins with renaming or
 * moving it, because that needs no change in IAM.
 */
function fixOf({ subject }: TrustJudgement, nearest: string): string {
  const others = `add ${quote(subject)} to that condition, or point the annotation at a role for this service account`
  const [, namespace, name = ''] = /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/.exec(nearest) ?? []
  const [, , ownNamespace = '', ownName = ''] = subject.split(':')
  if (namespace === undefined) {
    return nearest.includes('*') || nearest.includes('?') || nearest === otherSubject
      ? others
      : `replace ${quote(nearest)} with ${quote(subject)} in that condition, or point the annotation at a role for this service account`
  }
  if (namespace === ownNamespace && isPartOf(name, ownName))
    return `name the service account ${name} (in many charts: serviceAccount.name), or ${others}`
  if (name === ownName && namespace !== ownNamespace)
    return `install the service account in namespace ${namespace}, or ${others}`

  return closestTo(nearest, [subject]) === undefined
    ? others
    : `if ${quote(nearest)} is a typo, replace it with ${quote(subject)}; otherwise, ${others}`
}

/** Helm charts build names such as RELEASE-CHART, so one of two names often contains the other. */
const isPartOf = (one: string, other: string): boolean =>
  [one, other].every((name) => name.length > 2) &&
  (one.startsWith(other) || one.endsWith(other) || other.startsWith(one) || other.endsWith(one))
