import type { IdentityWebhookSettings } from './settings.js'

/**
 * The audience that a service account's pods ask for; undefined when its annotation holds something that is
 * no audience. https://github.com/aws/amazon-eks-pod-identity-webhook#readme
 */
export function audienceOf(
  annotations: Readonly<Record<string, unknown>>,
  { annotationNames, defaultAudience }: IdentityWebhookSettings
): string | undefined {
  const value = annotations[annotationNames.audience]
  if (value === undefined) return defaultAudience

  return typeof value === 'string' && value !== '' ? value : undefined
}
