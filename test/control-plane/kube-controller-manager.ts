import { readFile } from 'node:fs/promises'
import { type Daemon, startDaemon } from './daemon.ts'
import type { Finished } from './run.ts'

/**
 * What kube-controller-manager needs: its program, who it is, what it publishes, and kubectl to see that it
 * did.
 */
export interface ControllerManagerOptions {
  binary: string
  kubeconfig: string
  rootCaFile: string
  serviceAccountKeyFile: string
  kubectl: (args: string[]) => Promise<Finished>
}

/**
 * Starts the controllers. They are ready when the namespace `default` has its service account and the CAs of
 * `rootCaFile`.
 */
export async function startControllerManager(options: ControllerManagerOptions): Promise<Daemon> {
  const wanted = await readFile(options.rootCaFile, 'utf8')
  return startDaemon({
    name: 'kube-controller-manager',
    command: options.binary,
    args: [
      `--kubeconfig=${options.kubeconfig}`,
      `--root-ca-file=${options.rootCaFile}`,
      `--service-account-private-key-file=${options.serviceAccountKeyFile}`,
      '--use-service-account-credentials', // each controller then has its own, real rights, as on EKS
      '--kube-api-qps=500', // with the default, 20 requests a second, making those service accounts takes 4 s
      '--kube-api-burst=500',
      '--leader-elect=false',
      '--secure-port=0' // nobody asks it for health or metrics
    ],
    async isReady() {
      const { stdout } = await options.kubectl([
        'get',
        'serviceaccount/default',
        'configmap/kube-root-ca.crt',
        '-n',
        'default',
        '-o',
        'json',
        '--ignore-not-found'
      ])
      const list: unknown = JSON.parse(stdout || '{}')
      const { items = [] } = list as { items?: { kind: string; data?: Record<string, string> }[] } // the shape of a v1 List
      return items.length === 2 && items.some(({ data }) => data?.['ca.crt'] === wanted)
    },
    readyWithin: 60_000
  })
}
