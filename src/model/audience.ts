/** The annotation that asks for another audience: https://github.com/aws/amazon-eks-pod-identity-webhook#readme */
export const audienceAnnotation = 'eks.amazonaws.com/audience'

/** The audience that a service account's pods ask for; undefined when its annotation holds something that is no audience. */
export function audienceOf(annotations: Readonly<Record<string, unknown>>, defaultAudience: string): string | undefined {
  const value = annotations[audienceAnnotation]
  if (value === undefined) return defaultAudience

  return typeof value === 'string' && value !== '' ? value : undefined
}
