import type { Sources } from '../../facts/facts.js'
import type { IdentityWebhookSettings } from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import type { KubeObject } from '../../kube/read.js'
import { known, moot } from '../../model/fact.js'
import type { Subject } from '../../model/subject.js'
import { buildLiveWebhooks } from '../../sources/cluster/live-webhooks.js'
import { buildClusterOnDemand } from '../../sources/cluster/on-demand.js'
import { buildExpectedCas } from '../../sources/cluster/webhook-trust.js'
import { buildObjectSources } from '../../sources/objects/objects.js'

/** The sources of facts: the cluster as the user may read it, and what the user gave. */
export function diagnosisSources(
  client: KubeClient,
  {
    given,
    settings,
    clusterCa,
    configurations,
    subjects,
    objects
  }: {
    readonly given: Sources
    readonly settings: IdentityWebhookSettings
    readonly clusterCa: string | undefined
    readonly configurations: readonly KubeObject[] | undefined
    readonly subjects: readonly (Subject | undefined)[]
    readonly objects: readonly unknown[]
  }
): Sources {
  const cluster = buildClusterOnDemand(client)
  const { neighbours, pods } = buildObjectSources(
    subjects.filter((subject) => subject !== undefined),
    objects
  )

  return {
    ...given,
    // The cluster's own issuer is the one in its tokens; a file may be from another cluster.
    issuer: undefined,
    cluster: {
      ...cluster,
      readIssuer: async (deadline) => {
        const live = await cluster.readIssuer(deadline)
        return live.state === 'known' || given.issuer === undefined ? live : known(given.issuer)
      }
    },
    accounts: cluster,
    namespaces: {
      // A mode decides what admission does, and nothing about AWS.
      readNamespace: async (name, deadline) => {
        const read = await cluster.readNamespace(name, deadline)
        // The list of allowed roles protects what irsa-guard may read; users of a command read with their own rights.
        if (read.state !== 'known') return moot(read.because)
        const { podsEnforced, allowedRoles } = read.value
        return known({ mode: undefined, podsEnforced, allowedRoles })
      }
    },
    webhooks: configurations === undefined ? cluster : buildLiveWebhooks(client, configurations),
    neighbours,
    pods,
    expectedCas: buildExpectedCas(client, clusterCa),
    identityWebhook: settings
  }
}
