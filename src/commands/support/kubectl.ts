import { shellQuote } from '../../text/shell.js'
import type { ClusterChoice } from './cluster.js'

/** The flags that choose the cluster that was read, for `kubectl` and for irsa-guard. */
export const clusterFlags = ({ kubeconfig, context }: ClusterChoice): string[] => [
  ...(kubeconfig === undefined ? [] : [`--kubeconfig ${shellQuote(kubeconfig)}`]),
  ...(context === undefined ? [] : [`--context ${shellQuote(context)}`])
]
