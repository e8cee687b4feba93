import { audienceOf } from '../identity-webhook/settings.js'
import { isPublicIssuer } from '../model/public-issuer.js'
import { argumentOf } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import { shellQuote } from '../text/shell.js'
import { defineRule } from './define-rule.js'

export const oidcProviderMissing = defineRule({
  id: 'oidc-provider-missing',
  summary: "The role's account has no OIDC provider for the cluster's issuer.",
  severity: 'error',
  atAdmission: 'warning', // Terraform may register the provider shortly afterwards
  on: ['ServiceAccount'],
  needs: ['provider', 'identityWebhook'],
  check({ annotations }, { provider, identityWebhook }) {
    if (provider.registered) return

    const account = provider.arn.split(':')[4]
    const url = `https://${provider.arn.replace(/^[^/]*\//, '')}`
    const audience = argumentOf(
      audienceOf(annotations, identityWebhook) ?? identityWebhook.defaultAudience,
      'AUDIENCE'
    )
    const [similar] = provider.similar

    return {
      field: annotationField(identityWebhook.annotationNames['role-arn']),
      message: `account ${account} has no OIDC provider for the cluster's issuer ${url}${similar === undefined ? '' : `; the account has ${similar}, which is a different provider`}`,
      fix: isPublicIssuer(url)
        ? `register the provider in account ${account}: aws iam create-open-id-connect-provider --url ${shellQuote(url)} --client-id-list ${audience}`
        : `AWS cannot reach ${url}: set the API server's --service-account-issuer to a public https URL that serves its discovery document and keys, then register a provider for that URL`,
      cause: provider.arn
    }
  }
})
