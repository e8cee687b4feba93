import type { Sources } from '../../facts/facts.js'
import type { KubeClient } from '../../kube/client.js'
import { known } from '../../model/fact.js'
import type { ObjectSources } from '../objects/objects.js'
import { overlay } from '../overlay.js'
import { buildClusterOnDemand } from './on-demand.js'
import { buildExpectedCas } from './webhook-trust.js'

/**
 * Sources that read the cluster. The given objects take precedence over those in the cluster. `clusterCa` is
 * the CA of the cluster (PEM), if it is confirmed.
 */
export function liveSourcesOf(
  client: KubeClient,
  together: ObjectSources,
  clusterCa: string | undefined
): Pick<Sources, 'cluster' | 'accounts' | 'namespaces' | 'webhooks' | 'neighbours' | 'expectedCas'> {
  const cluster = buildClusterOnDemand(client)
  const seen = overlay({ ...together.accounts, ...together.namespaces, ...together.webhooks }, cluster)

  return {
    cluster,
    accounts: seen,
    namespaces: seen,
    webhooks: seen,
    neighbours: withoutMisses(together),
    expectedCas: buildExpectedCas(client, clusterCa)
  }
}

/**
 * The source of neighbours, but without near misses in its answers. A workload may name a service account
 * that exists in the cluster but is not among the given objects, so a similar name does not prove a
 * misspelling.
 */
export const withoutMisses = ({ neighbours }: ObjectSources): Sources['neighbours'] => ({
  neighboursOf: (...question) => {
    const fact = neighbours.neighboursOf(...question)

    return fact.state === 'known' ? known({ ...fact.value, nearMiss: undefined }) : fact
  }
})
