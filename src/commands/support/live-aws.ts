import type { Config } from '../../config.js'
import type { Sources } from '../../facts/facts.js'
import type { ClusterArn } from '../../model/cluster-arn.js'
import { buildLiveEks } from '../../sources/eks/live.js'
import type { Failure } from '../../sources/iam/failure.js'
import { buildLiveIam } from '../../sources/iam/live.js'

/** The facts that a command reads from AWS: those in IAM and, if the cluster is known, its associations. */
export async function buildLiveAws(
  { iam, eks }: Config,
  cluster: ClusterArn | undefined,
  onFailure: (failure: Failure) => void,
  onRequest: () => void = () => undefined
): Promise<Pick<Sources, 'iam' | 'roles' | 'associations'>> {
  const { accounts } = iam
  const live = await buildLiveIam({ ...iam, patient: true, onFailure, onRequest })

  return {
    iam: live,
    roles: live,
    associations: cluster && (await buildLiveEks({ ...eks, accounts, cluster, patient: true, onFailure }))
  }
}
