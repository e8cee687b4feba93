import type { WebhookSource } from '../../facts/webhooks.js'
import type { KubeClient } from '../../kube/client.js'
import { known } from '../../model/fact.js'
import { allInSight, buildClusterOnDemand } from './on-demand.js'

/** Looks up webhook configurations that were read from a cluster, and the objects that they refer to. */
export function buildLiveWebhooks(client: KubeClient, configurations: readonly unknown[]): WebhookSource {
  const inSight = allInSight(configurations)

  return { ...buildClusterOnDemand(client), readConfigurations: async () => known(inSight) }
}
