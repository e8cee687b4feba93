import { shellQuote } from '../../text/shell.js'

/** `kubectl` with the flags that choose the cluster that a command read. */
export const kubectlOf = ({
  kubeconfig,
  context
}: {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
}): string =>
  [
    'kubectl',
    ...(kubeconfig === undefined ? [] : [`--kubeconfig ${shellQuote(kubeconfig)}`]),
    ...(context === undefined ? [] : [`--context ${shellQuote(context)}`])
  ].join(' ')
