import { assumptionOf } from '../identity-webhook/settings.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'

export const tokenAudienceMismatch = defineRule({
  id: 'token-audience-mismatch',
  summary: "A container's token has a different audience than its service account specifies.",
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['podRole', 'identityWebhook'],
  concerns: ({ pod }) => pod.volumes.some(({ tokens }) => tokens.length > 0),
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
