/** Names of the guard's own objects, as manifests/ has them. */
export const ownNames = {
  service: 'irsa-guard',
  caSecret: 'irsa-guard-ca',
  servingSecret: 'irsa-guard-serving-cert',
  webhookConfiguration: 'irsa-guard',
  denyPolicy: 'irsa-guard-ca-bundle-deny'
} as const

/** Where canary and self-test ask the API server what it would do. */
export const canaryNamespace = 'irsa-guard-canary'

/** The account that the canary pod runs as. */
export const canaryAccount = 'irsa-guard-canary'
