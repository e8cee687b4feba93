import { type BundleHolder, bundleHoldersOf } from '../../ca-bundle/preflight/bundle-holders.js'
import type { PreflightFacts } from '../../ca-bundle/preflight/preflight.js'
import type { PreflightSubject } from '../../ca-bundle/preflight/row.js'
import type { KubeObject } from '../../kube/read.js'
import { annotationsOf, recordOf } from '../../text/record.js'
import type { Collection } from '../cluster/collections.js'
import { mapFact, readAll, type ReadCluster } from './preflight-fact.js'

/** Reads every `caBundle` that the API server uses to verify a server. Never rejects. */
export const readBundleHolders = async (cluster: ReadCluster): Promise<PreflightFacts['holders']> =>
  Promise.all(
    collections.map(async ({ subject, ...collection }) => ({
      subject,
      name: `${collection.kind}s`,
      read: mapFact(await readAll(cluster, collection), (objects): readonly BundleHolder[] =>
        objects.flatMap(bundleHoldersOf)
      )
    }))
  )

const clusterWide = (
  subject: PreflightSubject,
  group: string,
  plural: string,
  kind: BundleHolder['kind'],
  keep?: Collection['keep']
): Collection & { readonly subject: PreflightSubject; readonly kind: BundleHolder['kind'] } => ({
  ...{ subject, group, plural, kind, isNamespaced: false },
  ...(keep && { keep })
})

const admission = '/apis/admissionregistration.k8s.io/v1'
const collections = [
  clusterWide('webhook', admission, 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'),
  clusterWide('webhook', admission, 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration'),
  clusterWide('api-service', '/apis/apiregistration.k8s.io/v1', 'apiservices', 'APIService'),
  clusterWide(
    'crd-conversion',
    '/apis/apiextensions.k8s.io/v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    keepConversion
  )
]

/**
 * Keeps only the name, annotations and conversion settings of a CustomResourceDefinition, because the schemas
 * of all CustomResourceDefinitions can take 100 MB.
 */
function keepConversion(object: KubeObject): KubeObject | undefined {
  const conversion = recordOf(recordOf(object['spec'])['conversion'])
  if (conversion['strategy'] !== 'Webhook') return undefined
  const { kind, metadata } = object

  return {
    kind,
    metadata: { name: recordOf(metadata)['name'], annotations: annotationsOf(object) },
    spec: { conversion }
  }
}
