import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import type { TrustJudgement } from '../trust-policy/judge.js'
import type { Miss } from '../trust-policy/miss.js'
import { defineRule } from './define-rule.js'
import {
  addStatement,
  audienceKeyOf,
  conditionsShown,
  roleNamed,
  subjectKeyOf,
  trustProblem
} from './trust-wording.js'

export const trustConditionKeyMalformed = defineRule({
  id: 'trust-condition-key-malformed',
  summary: "A condition uses a key that this cluster's tokens never carry.",
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    const [first, ...others] = miss?.kind === 'condition-key' ? miss.failed : []
    if (miss?.kind !== 'condition-key' || first === undefined) return

    const role = roleNamed(account, identityWebhook)
    const also = others.length === 0 ? '' : `; also ${conditionsShown(others)}`
    const isOurs = [subjectKeyOf(trust), audienceKeyOf(trust)].some(
      (key) => key.toLowerCase() === first.key.toLowerCase()
    )
    return trustProblem(
      account,
      trust,
      identityWebhook,
      isOurs
        ? `${role} has a value under the wrong condition key: in its ${statementNamed(miss.statement)}, ${conditionsShown(miss.failed)}`
        : `${role} requires a condition key that this cluster's tokens never carry: its ${statementNamed(miss.statement)} has ${quote(first.key)}${first.difference === undefined ? '' : `: ${first.difference}`}${also}`,
      fixOf(miss, trust)
    )
  }
})

/**
 * The correct keys, and what the statement must limit in addition. A value under a wrong key does not limit
 * anyone. Even under the correct key, the value might not limit the subject.
 */
function fixOf(miss: Miss & { kind: 'condition-key' }, trust: TrustJudgement): string {
  if (!miss.isInPlace) return addStatement(trust)
  const keys = new Set(miss.failed.flatMap(({ expected }) => expected ?? []))
  const adds = [
    ...(miss.limits.subject === 'open'
      ? [`${quote(subjectKeyOf(trust))} with ${quote(trust.subject)} under StringEquals`]
      : []),
    ...(miss.limits.limitsAudience ? [] : [`${quote(audienceKeyOf(trust))} with ${quote(trust.audience)}`])
  ]

  return [
    `write the key${keys.size > 1 ? 's' : ''} ${[...keys].map(quote).join(' and ')}`,
    ...(adds.length === 0 ? [] : [`and add ${adds.join(' and ')} to the same statement`])
  ].join(', ')
}
