/** Names of irsa-guard's own objects, as defined in manifests/. */
export const ownNames = {
  service: 'irsa-guard',
  caSecret: 'irsa-guard-ca',
  servingSecret: 'irsa-guard-serving-cert',
  webhookConfiguration: 'irsa-guard',
  denyPolicy: 'irsa-guard-ca-bundle-deny',
  warnPolicy: 'irsa-guard-ca-bundle-warn'
} as const

/** The namespace in which the canary and the self-test send their dry-run requests. */
export const canaryNamespace = 'irsa-guard-canary'

/** The service account of the canary pod. */
export const canaryAccount = 'irsa-guard-canary'
