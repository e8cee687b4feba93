import { type Exclusion, exclusionsOf } from '../identity-webhook/coverage.js'
import { identityWebhooksOf, type Webhook } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const identityWebhookMissesPods = defineRule({
  id: 'identity-webhook-misses-pods',
  summary: "The identity webhook's registration excludes pods that may need a role.",
  severity: 'error',
  policy: 'warns',
  on: ['MutatingWebhookConfiguration'],
  needs: ['podsWithRole'],
  check(configuration, { podsWithRole }) {
    return identityWebhooksOf(configuration).flatMap((webhook) =>
      exclusionsOf(webhook).flatMap((exclusion) => {
        const missed = podsWithRole.filter((pod) => exclusion.covers(pod)).map(({ owner }) => owner)
        if (exclusion.certainty === 'usual' && missed.length === 0) return []

        return [
          {
            field: `webhooks[${webhook.index}].${exclusion.field}`,
            message: `the API server does not call webhook ${webhook.name} ${exclusion.when}${examplesOf(missed)}; these pods start without their role`,
            fix: fixOf(webhook, exclusion),
            ...(exclusion.certainty !== 'sure' && { atMost: 'warning' as const })
          }
        ]
      })
    )
  }
})

function examplesOf([first, ...others]: readonly string[]): string {
  if (first === undefined) return ''

  return `, such as those of ${first}${others.length === 0 ? '' : ` and ${others.length} more`}, whose service account requests a role`
}

function fixOf({ service, failurePolicy }: Webhook, { field }: Exclusion): string {
  if (field === 'rules') return 'restore the rule for the CREATE operation on pods'
  // Fail is the default:
  // https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
  if (service === undefined || failurePolicy === 'Ignore')
    return `if these pods need a role, remove the restriction from ${field}`

  return `if these pods need a role, make ${field} exclude fewer pods; it must still exclude the identity webhook's own pods, because with failurePolicy Fail they could not start otherwise`
}
