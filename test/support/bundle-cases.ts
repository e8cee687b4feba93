import { type ExpectedClusterCas, expectedClusterCasOf } from '../../src/ca-bundle/published-sets.js'
import type { Fact } from '../../src/model/fact.js'
import { base64, makeAuthority } from './certificates.js'

/** These CAs are valid on 2026-11-24, the date for which rule cases are judged. */
export const clusterCa = makeAuthority()
export const otherCa = makeAuthority()
/** The fact `clusterCa` if only the cluster CAs are known, as PEM. */
export const expectedFrom = (cas: string): Fact<ExpectedClusterCas> => expectedClusterCasOf('', [], cas)
/** The fact `clusterCa` if the controller published these bundles (PEM). */
export const published = (
  accepted: readonly string[],
  complete: readonly string[],
  action: 'Deny' | 'Warn' = 'Deny'
): Fact<ExpectedClusterCas> => {
  const texts = { accepted: accepted.map(base64), complete: complete.map(base64) }

  return expectedClusterCasOf('', [{ name: '', action, injectors: [], ...texts }], undefined)
}
export const guardedName = 'iam-for-pods.amazonaws.com'

/** A webhook configuration with one webhook; if `bundle` is undefined, the webhook has no caBundle. */
export function configurationWith(
  bundle: string | Buffer | undefined,
  webhook: object = {},
  clientConfig: object = {}
): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'pod-identity-webhook' },
    webhooks: [
      {
        name: guardedName,
        clientConfig: {
          url: 'https://127.0.0.1:23443/mutate',
          ...(bundle !== undefined && { caBundle: base64(bundle) }),
          ...clientConfig
        },
        ...webhook
      }
    ]
  }
}
