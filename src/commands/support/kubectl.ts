import { shellQuote } from '../../text/shell.js'
import type { ClusterChoice } from './cluster.js'

/** The flags of kubectl and irsa-guard that choose the same cluster; empty, or with a leading space. */
export const clusterFlags = ({ kubeconfig, context }: ClusterChoice): string =>
  [
    kubeconfig === undefined ? '' : ` --kubeconfig ${shellQuote(kubeconfig)}`,
    context === undefined ? '' : ` --context ${shellQuote(context)}`
  ].join('')
