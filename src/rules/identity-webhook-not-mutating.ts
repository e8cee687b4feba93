import { identityWebhooksOf } from '../model/webhook-configuration.js'
import { shortList } from '../text/escape.js'
import { defineRule } from './define-rule.js'

export const identityWebhookNotMutating = defineRule({
  id: 'identity-webhook-not-mutating',
  summary: 'An API server returned the canary pod without the role that the pod requested.',
  severity: 'error',
  visibleIn: 'the canary pod',
  atAdmission: 'never', // the canary's last result predates the change under review
  on: ['MutatingWebhookConfiguration'],
  needs: ['canary'],
  check(configuration, { canary: { proved, failing } }) {
    const [webhook] = identityWebhooksOf(configuration)
    const [first] = failing
    if (webhook === undefined || first === undefined) return

    return {
      field: `webhooks[${webhook.index}]`,
      message: `the identity webhook does not mutate pods at ${failing.length} of ${proved} API servers (${shortList(failing.map(({ address }) => address))}): ${first.because}`,
      fix: `check the webhook's caBundle (irsa-guard ca mutatingwebhookconfiguration/${configuration.name}), then check that the identity webhook is running`
    }
  }
})
