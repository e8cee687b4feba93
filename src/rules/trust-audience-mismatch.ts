import { assumptionOf } from '../identity-webhook/settings.js'
import { isEksIssuer } from '../model/issuer.js'
import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import type { TrustJudgement } from '../trust-policy/judge.js'
import type { FailedCondition } from '../trust-policy/miss.js'
import { defineRule } from './define-rule.js'
import { conditionsShown, roleNamed, tokenExcerpt, trustProblem } from './trust-wording.js'

export const trustAudienceMismatch = defineRule({
  id: 'trust-audience-mismatch',
  summary: "The trust policy requires a different audience than the service account's tokens have.",
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'issuer', 'identityWebhook'],
  check(account, { trust, issuer, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'audience') return

    const asked = identityWebhook.annotationNames.audience in account.annotations
    // Outside EKS, the default audience of an identity webhook is not known, and a denial could block a
    // setup that works.
    const isAssumed = !asked && !identityWebhook.isAudienceKnown && !isEksIssuer(issuer)
    const found = trustProblem(
      account,
      trust,
      identityWebhook,
      `${roleNamed(account, identityWebhook)} requires a different audience: in its ${statementNamed(miss.statement)}, ${conditionsShown(miss.failed)}${isAssumed ? assumptionOf(identityWebhook) : ''}`,
      fixOf(trust, miss.failed[0], identityWebhook.annotationNames.audience)
    )
    const problem = { ...found, ...tokenExcerpt(miss.failed) }

    return isAssumed ? { ...problem, atAdmission: 'warning' } : problem
  }
})

function fixOf(
  { audience, statement }: TrustJudgement,
  failed: FailedCondition | undefined,
  annotation: string
): string {
  const asked = audience.trim()
  if (asked !== audience) return `remove the spaces from the annotation ${annotation}: write ${quote(asked)}`
  if (failed?.isNegated === true)
    return `set the annotation ${annotation} to an audience that ${statementNamed(statement)} does not exclude`
  const spelled = failed?.wanted.find((value) => value.trim().toLowerCase() === audience.toLowerCase())

  return spelled === undefined
    ? `add ${quote(audience)} to that condition, or set the annotation ${annotation} to the audience that the role requires`
    : `replace ${quote(spelled)} with ${quote(audience)} in that condition`
}
