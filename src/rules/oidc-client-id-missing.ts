import type { ProviderLookup } from '../facts/facts.js'
import { assumptionOf, audienceOf, type IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { Problem } from '../model/finding.js'
import { isEksIssuer } from '../model/issuer.js'
import { argumentOf, quote } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import { shellQuote } from '../text/shell.js'
import { defineRule } from './define-rule.js'

export const oidcClientIdMissing = defineRule({
  id: 'oidc-client-id-missing',
  summary: "The OIDC provider does not accept the audience of the service account's tokens.",
  severity: 'error',
  atAdmission: 'warning', // the audience may be added to the provider shortly afterwards
  on: ['ServiceAccount'],
  needs: ['provider', 'identityWebhook'],
  check({ annotations, ownToken }, { provider, identityWebhook }) {
    if (ownToken === 'hidden') return
    if (ownToken === 'without-audience') return withoutAudience(provider, identityWebhook)
    const audience = audienceOf(annotations, identityWebhook)
    if (!provider.registered || audience === undefined || provider.clientIds.includes(audience)) return

    const { audience: key, 'role-arn': roleKey } = identityWebhook.annotationNames
    const accepted =
      provider.clientIds.length === 0 ? 'no audience' : provider.clientIds.map(quote).join(', ')
    const [clientId] = provider.clientIds

    const register = `add the audience to the provider: aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${shellQuote(provider.arn)} --client-id ${argumentOf(audience, 'AUDIENCE')}`
    const problem = {
      field: annotationField(key in annotations ? key : roleKey),
      restsOn: [annotationField(key), annotationField(roleKey)],
      message: `the tokens of this service account have audience ${quote(audience)}, but the OIDC provider ${provider.arn} accepts ${accepted}`
    }
    // Outside EKS, the default audience of an identity webhook is not known: kOps uses amazonaws.com.
    if (!(key in annotations) && !identityWebhook.isAudienceKnown && !isEksIssuer(issuerOf(provider))) {
      const offered = clientId === undefined ? 'AUDIENCE' : argumentOf(clientId, 'AUDIENCE')
      return {
        ...problem,
        message: `${problem.message}${assumptionOf(identityWebhook)}`,
        fix: `if the identity webhook runs with --token-audience=${offered}, pass that audience to irsa-guard (--audience ${offered}, or audience in its config); otherwise, ${register}`,
        atMost: 'warning'
      }
    }

    if (audience !== audience.trim())
      return {
        ...problem,
        fix: `remove the spaces from the annotation ${key}: write ${quote(audience.trim())}`
      }

    return {
      ...problem,
      fix: `${register}${key in annotations && clientId !== undefined ? `; or set ${key} to ${quote(clientId)}` : ''}`
    }
  }
})

/**
 * A token without an audience gets the value of the API server's flag --api-audiences. The default value is
 * the issuer, which is often one of the API server's names
 * (https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/). irsa-guard does not
 * know the value of that flag, so this is only a warning.
 */
function withoutAudience(
  provider: ProviderLookup,
  { annotationNames }: IdentityWebhookSettings
): Problem | undefined {
  if (!provider.registered) return
  const [clientId] = provider.clientIds
  if (
    clientId === undefined ||
    provider.clientIds.some((id) => id === issuerOf(provider) || id.includes('kubernetes'))
  )
    return

  return {
    field: annotationField(annotationNames.audience),
    message: `the token has no audience, so it gets the API server's audience, but the OIDC provider ${provider.arn} accepts ${provider.clientIds.map(quote).join(', ')}`,
    fix: `set the audience of the token to ${quote(clientId)}`,
    atMost: 'warning'
  }
}

/** An OIDC provider's ARN ends with the issuer, without its `https://`. */
const issuerOf = ({ arn }: ProviderLookup): string => `https://${arn.slice(arn.indexOf('/') + 1)}`
