import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { GuardError } from '../model/guard-error.js'
import { buildKubeClient, type KubeClient } from './client.js'

// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
const podToken = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/**
 * Finds the cluster as kubectl does: the given kubeconfig, `KUBECONFIG`, the pod's own token, `~/.kube/config`. Undefined when there is none.
 * Throws ERR_KUBECONFIG when there is one and it cannot be used. Connects to nothing yet.
 */
export function findCluster(
  { kubeconfig, context }: { kubeconfig?: string | undefined; context?: string | undefined },
  environment: NodeJS.ProcessEnv
): KubeClient | undefined {
  const config = new KubeConfig()
  const home = join(environment['HOME'] ?? homedir(), '.kube', 'config')
  const source = kubeconfig ?? (environment['KUBECONFIG'] === '' ? undefined : environment['KUBECONFIG'])
  try {
    if (source !== undefined) config.loadFromFile(source)
    else if (environment['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(podToken)) config.loadFromCluster()
    else if (existsSync(home)) config.loadFromFile(home)
    else return undefined

    if (context !== undefined) {
      const known = config.getContexts().map(({ name }) => name)
      if (!known.includes(context)) {
        throw new Error(`there is no context ${JSON.stringify(context)}; it has ${known.map((name) => JSON.stringify(name)).join(', ')}`)
      }
      config.setCurrentContext(context)
    }

    return buildKubeClient(config)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new GuardError('ERR_KUBECONFIG', `the kubeconfig ${source ?? home} cannot be used: ${reason}`, { cause })
  }
}
