/**
 * Whether a string is a valid name of an object (a DNS-1123 subdomain). Other strings must not become part of
 * a path. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
export const isObjectName = (text: string): boolean =>
  text.length <= 253 && text.split('.').every((label) => isLabel(label))

/**
 * Whether a string is a valid name of a namespace (a DNS-1123 label).
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
 */
export const isNamespaceName = (text: string): boolean => text.length <= 63 && isLabel(text)

const isLabel = (text: string): boolean => /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text)
