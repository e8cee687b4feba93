import {
  defaultIdentityWebhook,
  type IdentityWebhookSettings,
  withAudience
} from '../identity-webhook/settings.js'
import type { Sources } from './facts.js'

/** The settings of the identity webhook, as far as they are known. */
export function identityWebhookOf({
  identityWebhook = defaultIdentityWebhook,
  audience
}: Sources): IdentityWebhookSettings {
  return withAudience(identityWebhook, audience)
}
