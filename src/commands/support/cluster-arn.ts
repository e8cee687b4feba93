import type { Config } from '../../config.js'
import { type ClusterArn, parseClusterArn } from '../../model/cluster-arn.js'
import { GuardError } from '../../model/guard-error.js'

/**
 * The EKS cluster to use. The first of these sources that names a cluster decides: the flag, the
 * configuration, the kubeconfig, the IAM files. Undefined if none of them names a cluster. Throws ERR_USAGE
 * if they contradict each other, except that the flag overrides the configuration.
 */
export function chooseCluster(
  flag: string | undefined,
  config: Config | undefined,
  inFiles: readonly ClusterArn[],
  inKubeconfig: ClusterArn | undefined
): ClusterArn | undefined {
  const [wanted, by] =
    flag === undefined
      ? [config?.eks.clusterArn, 'eks.clusterArn in the configuration']
      : [parseFlag(flag), '--cluster-arn']
  if (wanted !== undefined) {
    if (inFiles.length > 0 && !inFiles.some(({ text }) => text === wanted.text))
      throw contradiction(by, wanted, 'the IAM file', inFiles[0])
    if (inKubeconfig !== undefined && inKubeconfig.text !== wanted.text)
      throw contradiction(by, wanted, 'the kubeconfig', inKubeconfig)
    return wanted
  }
  const [first, ...others] = inFiles
  if (inKubeconfig !== undefined) {
    if (first !== undefined && !inFiles.some(({ text }) => text === inKubeconfig.text))
      throw contradiction('the kubeconfig', inKubeconfig, 'the IAM file', first)
    return inKubeconfig
  }
  if (others.length > 0)
    throw new GuardError(
      'ERR_USAGE',
      `the IAM files name ${inFiles.length} clusters: ${inFiles.map(({ text }) => text).join(', ')}; choose one with --cluster-arn (or eks.clusterArn in the configuration)`
    )

  return first
}

function parseFlag(text: string): ClusterArn {
  const cluster = parseClusterArn(text)
  if (cluster !== undefined) return cluster

  throw new GuardError(
    'ERR_USAGE',
    `--cluster-arn is ${JSON.stringify(text)}; expected an ARN such as arn:aws:eks:eu-west-1:111122223333:cluster/prod`
  )
}

const contradiction = (by: string, one: ClusterArn, otherBy: string, other?: ClusterArn): GuardError =>
  new GuardError(
    'ERR_USAGE',
    `${by} names cluster ${one.text}, but ${otherBy} names ${other?.text}; name the same cluster in both`
  )
