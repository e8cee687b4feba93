import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { pino, type Logger } from 'pino'
import { keepCaBundle, keepCertificates } from '../controller/own-webhook.js'
import { repeat } from '../controller/repeat.js'
import { findCluster } from '../kube/connect.js'
import { buildMetrics } from '../metrics.js'
import { GuardError } from '../model/guard-error.js'
import { buildHealthApp } from '../server/health.js'
import { listen, portOf } from '../server/listen.js'
import { readConfig, type FactsByHand } from './sources.js'

export interface ControllerOptions extends FactsByHand {
  readonly config?: string | undefined
  readonly kubeconfig?: string | undefined
}

/** A controller that runs. */
export interface Controlling {
  readonly healthPort: number
  close(): Promise<void>
}

// Certificates are renewed weeks before they expire; a minute is for a webhook configuration that somebody else has just applied again.
const certificateInterval = 30_000

/** Starts the controller. Throws ERR_CONFIG, ERR_KUBECONFIG when it cannot. */
export async function controller(
  options: ControllerOptions,
  { environment = process.env, log = pino() }: { environment?: NodeJS.ProcessEnv; log?: Logger } = {}
): Promise<Controlling> {
  const config = await readConfig(options.config)
  const client = findCluster(options, environment)
  if (client === undefined) {
    throw new GuardError('ERR_KUBECONFIG', 'there is no cluster: no --kubeconfig, no $KUBECONFIG, no token of a pod, no ~/.kube/config')
  }
  const namespace = ownNamespace(environment)
  const metrics = buildMetrics()

  const certificates = repeat('certificates', certificateInterval, log, async () => {
    const { caBundle, changes, serving } = await keepCertificates(client, { namespace, hosts: config.tls.hosts, now: new Date() })
    if (changes.length > 0) log.info({ changes }, 'certificates written')
    metrics.certificateExpiry.set(new X509Certificate(serving.certificate).validToDate.getTime() / 1000)
    const patched = await keepCaBundle(client, caBundle)
    if (patched.length > 0) log.info({ webhooks: patched }, 'own caBundle written')
  })

  const health = buildHealthApp({ certificates: () => certificates.trouble() }, metrics.registry)
  await listen(health, config.server.healthPort)

  return {
    healthPort: portOf(health),
    close: async () => {
      await certificates.stop()
      await health.close()
      client.close()
    }
  }
}

// Kubelets mount it beside the token: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
const namespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

function ownNamespace(environment: NodeJS.ProcessEnv): string {
  const { POD_NAMESPACE: given } = environment
  if (given !== undefined && given !== '') return given

  return existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : 'irsa-guard'
}
