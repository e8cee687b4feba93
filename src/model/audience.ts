/** The annotation that asks for another audience: https://github.com/aws/amazon-eks-pod-identity-webhook#readme */
export const audienceAnnotation = 'eks.amazonaws.com/audience'

/** The audience of a token that the identity webhook asks for when nobody says otherwise, in every partition. */
export const defaultAudience = 'sts.amazonaws.com'

/** The audience that a service account's pods ask for; undefined when its annotation holds something that is no audience. */
export function audienceOf(annotations: Readonly<Record<string, unknown>>): string | undefined {
  const value = annotations[audienceAnnotation]
  if (value === undefined) return defaultAudience

  return typeof value === 'string' && value !== '' ? value : undefined
}
