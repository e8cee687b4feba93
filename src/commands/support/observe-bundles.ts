import type { ClusterCas } from '../../ca-bundle/confirm-cas.js'
import type { JudgedBundle } from '../../diagnosis/observations.js'
import type { KubeClient } from '../../kube/client.js'
import type { KubeObject } from '../../kube/read.js'
import { identityWebhooksOf, parseWebhookConfiguration } from '../../model/webhook-configuration.js'
import { loadClusterCasOnce } from '../../sources/cluster/cluster-cas.js'
import { reasonOf } from '../../text/escape.js'
import { readBundleFacts } from './bundle-facts.js'
import { bundleReportsOf } from './bundles.js'

/** The CAs of the cluster, or why they are not known. Never rejects. */
export async function readClusterCas(client: KubeClient, at: Date): Promise<ClusterCas> {
  try {
    return await loadClusterCasOnce(client, at)
  } catch (error) {
    return {
      confirmed: undefined,
      unconfirmed: '',
      doubt: `the CAs of the cluster could not be read (${reasonOf(error)})`
    }
  }
}

/** Judges the bundles of the identity webhooks as `irsa-guard ca` does. Never rejects. */
export async function observeBundles(
  client: KubeClient,
  configurations: readonly KubeObject[],
  clusterCas: ClusterCas,
  at: Date
): Promise<JudgedBundle[]> {
  const judged = await Promise.all(
    configurations.filter(hasIdentityWebhook).map(async (object) => {
      const facts = await readBundleFacts(client, object, clusterCas, at)

      return bundleReportsOf(object, facts, at).flatMap((reported): JudgedBundle[] => {
        const { configuration, webhook } = reported.webhook
        return identityWebhooksOf(configuration).includes(webhook)
          ? [
              {
                webhook: { configuration: configuration.name, webhook },
                report: reported.report
              }
            ]
          : []
      })
    })
  )

  return judged.flat()
}

function hasIdentityWebhook(object: KubeObject): boolean {
  const configuration = parseWebhookConfiguration(object, { stage: 'running' })

  return configuration !== undefined && identityWebhooksOf(configuration).length > 0
}
