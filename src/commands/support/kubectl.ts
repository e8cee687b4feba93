import { shellQuote } from '../../text/shell.js'
import type { ClusterChoice } from './cluster.js'

/** The flags of kubectl and irsa-guard that choose the same cluster; empty, or with a leading space. */
export const clusterFlags = ({ kubeconfig, context }: ClusterChoice): string =>
  [
    kubeconfig === undefined ? '' : ` --kubeconfig ${shellQuote(kubeconfig)}`,
    context === undefined ? '' : ` --context ${shellQuote(context)}`
  ].join('')

/** The flags with which irsa-guard reads the same facts from AWS; empty, or with a leading space. */
export const awsFlags = ({
  aws,
  issuer,
  clusterArn,
  config
}: {
  readonly aws?: boolean
  readonly issuer?: string | undefined
  readonly clusterArn?: string | undefined
  readonly config?: string | undefined
}): string =>
  [
    aws === true ? ' --aws' : '',
    issuer === undefined ? '' : ` --issuer ${shellQuote(issuer)}`,
    clusterArn === undefined ? '' : ` --cluster-arn ${shellQuote(clusterArn)}`,
    config === undefined ? '' : ` --config ${shellQuote(config)}`
  ].join('')
