import type { KubeConfig } from '@kubernetes/client-node'
import { type ClusterArn, parseClusterArn } from '../model/cluster-arn.js'
import { listOf, recordOf } from '../text/record.js'

/**
 * The EKS cluster of a kubeconfig's current context, if the context is as `aws eks update-kubeconfig` writes
 * it: the cluster's entry is named after its ARN, and the user gets tokens for the same cluster. Undefined
 * otherwise, because anyone can choose these names.
 * https://docs.aws.amazon.com/eks/latest/userguide/create-kubeconfig.html
 */
export function eksClusterOf(config: KubeConfig): ClusterArn | undefined {
  const cluster = parseClusterArn(config.getCurrentCluster()?.name ?? '')
  if (cluster === undefined) return undefined
  const { command, args } = recordOf(config.getCurrentUser()?.exec)
  if (command !== 'aws' && !(typeof command === 'string' && command.endsWith('/aws'))) return undefined

  const words = listOf(args)
  const valueOf = (flag: string): unknown => words[words.indexOf(flag) + 1]
  const isToken = words.some((word, index) => word === 'eks' && words[index + 1] === 'get-token')
  if (!isToken || !words.includes('--cluster-name') || valueOf('--cluster-name') !== cluster.name)
    return undefined

  return words.includes('--region') && valueOf('--region') !== cluster.region ? undefined : cluster
}
