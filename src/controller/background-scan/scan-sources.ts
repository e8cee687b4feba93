import type {
  AssociationSource,
  ClusterSource,
  ExpectedCasSource,
  Lookup,
  Sources
} from '../../facts/facts.js'
import { defaultIdentityWebhook, type IdentityWebhookSettings } from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import type { WatchedObjects } from '../../scan/watch-objects.js'
import { watchedSources } from '../../scan/watched-sources.js'
import { buildLiveWebhooks } from '../../sources/cluster/live-webhooks.js'
import { podIdentityAgentAmong } from '../../sources/objects/object-agent.js'

export interface ScanSourcesOptions {
  readonly client: KubeClient
  readonly objects: WatchedObjects
  /** Facts from the user, and those from AWS. */
  readonly given: Sources
  /** The issuer in the configuration. */
  readonly issuer: string | undefined
  readonly readIssuer: ClusterSource['readIssuer']
  readonly identityWebhook: () => IdentityWebhookSettings | undefined
  readonly expectedCas: ExpectedCasSource
}

/** Builds the reader of the facts that a scan uses in addition to the objects of a namespace. */
export function buildScanSources({
  client,
  objects,
  given,
  issuer: configured,
  readIssuer,
  identityWebhook,
  expectedCas
}: ScanSourcesOptions): () => Promise<Sources> {
  const seen = watchedSources(objects)

  return async () => {
    const issuer = await readIssuer({ signal: AbortSignal.timeout(5000) })

    return {
      ...given,
      ...(given.associations && { associations: answeringAtOnce(given.associations) }),
      cluster: { ...seen, readIssuer },
      accounts: seen,
      namespaces: seen,
      webhooks: buildLiveWebhooks(client, [
        ...objects.listed('mutatingwebhookconfigurations'),
        ...objects.listed('validatingwebhookconfigurations')
      ]),
      // An IAM file names the issuer of the cluster that it was created for, which may not be this cluster.
      issuer: configured ?? (issuer.state === 'known' ? undefined : given.issuer),
      clusterCa: undefined, // the controller already considers a given CA when it publishes bundles
      expectedCas,
      identityWebhook: identityWebhook() ?? given.identityWebhook ?? defaultIdentityWebhook,
      podIdentityAgent: podIdentityAgentAmong([...objects.listed('nodes'), ...objects.listed('daemonsets')])
    }
  }
}

/**
 * Makes a source of associations answer at once with what it already knows. The reader, once started, reads
 * associations in the background.
 */
function answeringAtOnce(associations: AssociationSource): AssociationSource {
  const atOnce = (lookup: Lookup): Lookup => ({
    ...lookup,
    fresh: false,
    deadline: { signal: AbortSignal.abort() }
  })

  return {
    ...associations,
    findAssociation: (account, lookup) => associations.findAssociation(account, atOnce(lookup)),
    readAssociation: (account, lookup) => associations.readAssociation(account, atOnce(lookup))
  }
}
