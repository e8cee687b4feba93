import { isDeepStrictEqual } from 'node:util'
import type { IamSource, Sources } from '../facts/facts.js'
import type { KubeClient } from '../kube/client.js'
import type { FollowedIdentityWebhook } from '../process/follow-identity-webhook.js'
import type { Given } from '../process/given.js'
import type { Metrics } from '../process/metrics.js'
import type { LiveCluster } from '../sources/cluster/cluster.js'
import { buildExpectedCas } from '../sources/cluster/webhook-trust.js'
import { buildLiveEks } from '../sources/eks/live.js'
import type { EksReader } from '../sources/eks/reader.js'
import { buildLiveIam } from '../sources/iam/live.js'

/** The parts of one configuration that reviews use. */
export interface Judging extends Given {
  readonly sources: Sources
  readonly eks: EksReader | undefined
}

/** The parts of the process that stay when the configuration changes. */
export interface JudgingTools {
  readonly client: KubeClient | undefined
  readonly cluster: LiveCluster | undefined
  readonly identityWebhook: FollowedIdentityWebhook | undefined
  readonly metrics: Metrics
}

/**
 * Builds what reviews need from a configuration. The previous readers of IAM and EKS are kept, with their
 * caches, unless their settings changed. Starts a new EKS reader; the caller stops the previous one if it is no
 * longer used.
 */
export async function buildJudging(
  { config, given }: Given,
  { client, cluster, identityWebhook, metrics }: JudgingTools,
  before?: Judging
): Promise<Judging> {
  const onRequest = (operation: string, result: string): void =>
    metrics.iamRequests.inc({ operation, result })
  const isIamKept =
    before !== undefined && before.given.iam === undefined && isDeepStrictEqual(before.config.iam, config.iam)
  const readIam = async (): Promise<IamSource | undefined> =>
    isIamKept ? before.sources.iam : buildLiveIam({ ...config.iam, onRequest })
  const iam = given.iam ?? (await readIam())

  const isEksKept =
    before !== undefined && isDeepStrictEqual(eksSettingsOf(before), eksSettingsOf({ config, given }))
  const eks = isEksKept ? before.eks : await eksFor({ config, given }, metrics, onRequest)
  if (!isEksKept) eks?.start()

  return {
    config,
    given,
    eks,
    sources: {
      ...given,
      iam,
      associations: given.associations ?? eks,
      cluster,
      accounts: cluster,
      // The policy checks writes against the CAs that the controller published, and the controller respects the
      // configured CA.
      ...(client && { clusterCa: undefined, expectedCas: buildExpectedCas(client, given.clusterCa) }),
      get identityWebhook() {
        return identityWebhook?.settings() ?? given.identityWebhook
      }
    }
  }
}

const eksSettingsOf = ({ config, given }: Given): unknown =>
  given.associations === undefined && [config.eks, config.iam.accounts]

async function eksFor(
  { config, given }: Given,
  metrics: Metrics,
  onStsRequest: (operation: string, result: string) => void
): Promise<EksReader | undefined> {
  if (given.associations !== undefined || config.eks.clusterArn === undefined) return undefined

  return buildLiveEks({
    ...config.eks,
    accounts: config.iam.accounts,
    cluster: config.eks.clusterArn,
    onRequest: (operation, result) => metrics.eksRequests.inc({ operation, result }),
    onStsRequest
  })
}
