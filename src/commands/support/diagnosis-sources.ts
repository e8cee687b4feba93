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

/** The sources of facts: what the user is allowed to read in the cluster, and what the user passed. */
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
    // The issuer that the cluster itself reports is the one in its tokens. A file may be from another cluster.
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
      // The mode decides only what admission does. It has no effect on AWS.
      readNamespace: async (name, deadline) => {
        const read = await cluster.readNamespace(name, deadline)
        // The list of allowed roles limits which roles irsa-guard reads with its own permissions. A command
        // reads with the user's permissions, so it goes on even if this list cannot be read.
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
