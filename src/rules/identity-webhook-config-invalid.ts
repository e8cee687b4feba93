import { parseIdentityWebhookConfigMap } from '../identity-webhook/config-map.js'
import { defineRule } from './define-rule.js'

export const identityWebhookConfigInvalid = defineRule({
  id: 'identity-webhook-config-invalid',
  summary: 'The identity webhook cannot read the roles in its ConfigMap.',
  severity: 'error',
  atAdmission: 'never', // API servers send no ConfigMaps to irsa-guard
  on: ['ConfigMap'],
  needs: [],
  check({ data }) {
    const reading = parseIdentityWebhookConfigMap({ data })
    if ('roles' in reading) return

    return {
      field: 'data.config',
      message: reading.crashes
        ? `${reading.wrong}, so the identity webhook crashes`
        : `${reading.wrong}, so the identity webhook keeps its previous roles, and has none after a restart`,
      fix: 'write a JSON object such as {"<namespace>/<name>": {"RoleARN": "arn:aws:iam::<12-digit-account>:role/<name>", "Audience": "sts.amazonaws.com"}}'
    }
  }
})
