import { injectedVariables } from '../identity-webhook/credentials.js'
import { assumptionOf, tokenVolume } from '../identity-webhook/settings.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'

export const tokenAudienceMismatch = defineRule({
  id: 'token-audience-mismatch',
  summary: "A container's token has a different audience than the pod's service account specifies.",
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['podRole', 'identityWebhook'],
  // Tokens for other services, such as Vault or Istio, are in volumes that no AWS variable points to.
  concerns: ({ pod }) =>
    pod.volumes.some(
      ({ name, tokens }) =>
        tokens.length > 0 &&
        (name === tokenVolume ||
          pod.containers.some(({ variables }) =>
            variables.some((one) => injectedVariables.some((name) => name === one.name))
          ))
    ),
  check(subject, { podRole: { request, containers }, identityWebhook }) {
    if (request.audience === undefined) return

    for (const { container, credentials } of containers) {
      if (credentials.kind !== 'web-identity' || credentials.token === undefined) continue
      const { field, audience } = credentials.token
      if (audience === request.audience) continue

      const found =
        audience === undefined
          ? "no audience, so it gets the API server's audience"
          : `audience ${quote(audience)}`
      return {
        field: `${field}.audience`,
        message: `the token of container ${container.name} has ${found}; expected ${quote(request.audience)}${assumptionOf(identityWebhook)}`,
        fix: `write ${request.audience}, or set ${identityWebhook.annotationNames.audience} on service account ${subject.pod.serviceAccountName} to the audience that the role's trust policy requires`
      }
    }
    return
  }
})
