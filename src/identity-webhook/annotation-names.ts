/**
 * The annotations that an identity webhook reads, on service accounts and on pods, without their prefix. All
 * of them are under the prefix of its flag `--annotation-prefix`; the label that keeps it away from a pod is
 * not. https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/annotations.go, pkg/handler)
 */
export type AnnotationName =
  'role-arn' | 'audience' | 'sts-regional-endpoints' | 'token-expiration' | 'skip-containers'

/** What each annotation is called in full: `eks.amazonaws.com/role-arn`. */
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
 * Whether there is such an annotation under any prefix. Who does not know the prefix can pass over an object
 * that has none.
 */
export function hasAnnotationNamed(
  annotations: Readonly<Record<string, unknown>>,
  name: AnnotationName
): boolean {
  for (const key in annotations) if (key.endsWith(name) && key.at(-name.length - 1) === '/') return true

  return false
}
