import { identityWebhooksOf } from '../model/webhook-configuration.js'
import { shortList } from '../text/escape.js'
import { defineRule } from './define-rule.js'

/** A pod that asked for a role was sent to the API server, and came back without one. */
export const identityWebhookNotMutating = defineRule({
  id: 'identity-webhook-not-mutating',
  severity: 'error',
  atAdmission: 'never', // what a canary found before a change says nothing about the change
  on: ['MutatingWebhookConfiguration'],
  needs: ['canary'],
  check(configuration, { canary: { proved, failing } }) {
    const [webhook] = identityWebhooksOf(configuration)
    const [first] = failing
    if (webhook === undefined || first === undefined) return

    return {
      field: `webhooks[${webhook.index}]`,
      message: `the identity webhook does not mutate pods at ${failing.length} of ${proved} API servers (${shortList(failing.map(({ address }) => address))}): ${first.because}`,
      fix: `see what is wrong with its bundle (irsa-guard ca mutatingwebhookconfiguration/${configuration.name}), then whether it runs`
    }
  }
})
