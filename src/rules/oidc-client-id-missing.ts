import { audienceOf } from '../identity-webhook/settings.js'
import { argumentOf, quote } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const oidcClientIdMissing = defineRule({
  id: 'oidc-client-id-missing',
  summary: "The OIDC provider does not accept the audience of the service account's tokens.",
  severity: 'error',
  atAdmission: 'warning', // the audience may be added to the provider shortly afterwards
  on: ['ServiceAccount'],
  needs: ['provider', 'identityWebhook'],
  check({ annotations }, { provider, identityWebhook }) {
    const audience = audienceOf(annotations, identityWebhook)
    if (!provider.registered || audience === undefined || provider.clientIds.includes(audience)) return

    const { audience: key, 'role-arn': roleKey } = identityWebhook.annotationNames
    const accepted =
      provider.clientIds.length === 0 ? 'no audience' : provider.clientIds.map(quote).join(', ')
    const [clientId] = provider.clientIds

    return {
      field: annotationField(key in annotations ? key : roleKey),
      message: `the tokens of this service account have audience ${quote(audience)}, but the OIDC provider ${provider.arn} accepts ${accepted}`,
      fix:
        `add the audience to the provider: aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${provider.arn} --client-id ${argumentOf(audience, 'AUDIENCE')}` +
        (key in annotations && clientId !== undefined ? `; or set ${key} to ${quote(clientId)}` : '')
    }
  }
})
