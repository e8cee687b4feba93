/**
 * The annotations that an identity webhook reads from service accounts and pods, without their prefix. The
 * flag `--annotation-prefix` sets the prefix of all of them, but not of the label that makes the webhook skip
 * a pod. https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/annotations.go, pkg/handler)
 */
export type AnnotationName =
  'role-arn' | 'audience' | 'sts-regional-endpoints' | 'token-expiration' | 'skip-containers'

/** The full name of each annotation, such as `eks.amazonaws.com/role-arn`. */
export type AnnotationNames = Readonly<Record<AnnotationName, string>>

/** The annotations under a prefix, such as `eks.amazonaws.com`. */
export const annotationNamesUnder = (prefix: string): AnnotationNames => ({
  'role-arn': `${prefix}/role-arn`,
  audience: `${prefix}/audience`,
  'sts-regional-endpoints': `${prefix}/sts-regional-endpoints`,
  'token-expiration': `${prefix}/token-expiration`,
  'skip-containers': `${prefix}/skip-containers`
})

/**
 * Whether an object has this annotation under any prefix. A caller that does not know the prefix can skip
 * objects that lack the annotation under every prefix.
 */
export function hasAnnotationNamed(
  annotations: Readonly<Record<string, unknown>>,
  name: AnnotationName
): boolean {
  for (const key in annotations) if (key.endsWith(name) && key.at(-name.length - 1) === '/') return true

  return false
}
