import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { known } from '../../src/model/fact.js'
import { role } from './pods.js'

/** A service account in namespace `shop` with these annotations. */
export const accountOf = (annotations: Readonly<Record<string, unknown>> = {}, name = 'cart'): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: 'shop', annotations }
})

export const annotated = { 'eks.amazonaws.com/role-arn': role }
export const identityWebhook = known(defaultIdentityWebhook)
