import { agentVariables, injectedVariables } from '../identity-webhook/credentials.js'
import { assumptionOf, tokenVolume } from '../identity-webhook/settings.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'

const fileVariables = [...injectedVariables, ...agentVariables]

export const tokenAudienceMismatch = defineRule({
  id: 'token-audience-mismatch',
  summary: "A container's token has a different audience than its role needs.",
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['podRole', 'identityWebhook'],
  // Tokens for other services, such as Vault or Istio, are in volumes that no AWS variable points to.
  concerns: ({ pod }, { containerCredentials }) =>
    pod.volumes.some(
      ({ name, tokens }) =>
        tokens.length > 0 &&
        (name === tokenVolume ||
          name === containerCredentials.volume ||
          pod.containers.some(({ variables }) =>
            variables.some((one) => fileVariables.some((name) => name === one.name))
          ))
    ),
  check(subject, { podRole, identityWebhook }) {
    const isAssociated = podRole.chain === 'pod-identity'
    const wanted = isAssociated ? identityWebhook.containerCredentials.audience : podRole.request.audience
    if (wanted === undefined) return

    for (const { container, credentials } of podRole.containers) {
      if (credentials.kind !== (isAssociated ? 'endpoint' : 'web-identity')) continue
      if (credentials.token === undefined) continue
      const { field, audience } = credentials.token
      if (audience === wanted) continue

      const found =
        audience === undefined
          ? "no audience, so it gets the API server's audience"
          : `audience ${quote(audience)}`
      return {
        field: `${field}.audience`,
        message: `the token of container ${container.name} has ${found}; expected ${quote(wanted)}${assumptionOf(identityWebhook)}`,
        fix: isAssociated
          ? `write ${wanted}, which EKS Pod Identity requires`
          : `write ${wanted}, or set ${identityWebhook.annotationNames.audience} on service account ${subject.pod.serviceAccountName} to the audience that the role's trust policy requires`
      }
    }
    return
  }
})
