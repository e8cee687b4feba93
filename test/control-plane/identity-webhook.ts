import { mkdir, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { join } from 'node:path'
import { startDaemon } from './daemon.ts'
import { findFreePort } from './free-port.ts'
import { findIdentityWebhook } from './identity-webhook-binary.ts'
import { clientCertificate, writeKubeconfig } from './kubeconfig.ts'
import type { ClusterCa } from './replaceable-api-server.ts'
import type { ControlPlane } from './start.ts'
import { waitFor } from './wait.ts'

/** What can be chosen at the start. */
export interface IdentityWebhookOptions {
  /** Where it listens; EKS's is 23443. Default: a free one, so that tests can run side by side. */
  port?: number
  /**
   * What is run, the program and its first arguments. Default: the real webhook, from `findIdentityWebhook`.
   */
  command?: readonly [string, ...string[]]
  /** The file with the service accounts that get container credentials (EKS Pod Identity). Default: none. */
  identities?: string
}

/** A running and registered identity webhook. */
export interface IdentityWebhook {
  /** `https://127.0.0.1:<port>/mutate` */
  url: string
  /**
   * The MutatingWebhookConfiguration as EKS registers it, for a CA bundle (PEM). The one in the cluster began
   * with `clusterCa`.
   */
  configurationFor(bundle: string): unknown
  /**
   * Starts it again after `stop`, on the same port, with a serving certificate of this CA (default: the one
   * before).
   */
  start(ca?: ClusterCa): Promise<void>
  /**
   * Writes a serving certificate of this CA, as EKS re-issues it. The program serves it for new connections and
   * keeps the open ones. Resolves when it is served.
   */
  renew(ca: ClusterCa): Promise<void>
  /** Stops the program; its registration stays, as when EKS's webhook is down. */
  stop(): Promise<void>
}

/**
 * Starts the identity webhook beside the API server, with a certificate of the cluster's CA, and registers it
 * as EKS does. Its files go with those of the control plane, but it must be stopped by itself. A pod may come
 * before the API server knows of it: ask again.
 */
export async function startIdentityWebhook(
  controlPlane: ControlPlane,
  options: IdentityWebhookOptions = {}
): Promise<IdentityWebhook> {
  const [program, ...first] = options.command ?? [await findIdentityWebhook()]
  const port = options.port ?? (await findFreePort())
  const url = `https://127.0.0.1:${port}/mutate`
  const folder = join(controlPlane.folder, `identity-webhook-${port}`)
  const [certificate, key, kubeconfig] = [
    join(folder, 'tls.crt'),
    join(folder, 'tls.key'),
    join(folder, 'kubeconfig')
  ]
  await mkdir(folder, { mode: 0o700, recursive: true })
  // On EKS it belongs to the control plane; its own rights are not what anybody tests here.
  const client = await controlPlane.clientCertificate('eks:pod-identity-webhook', ['system:masters'])
  await writeKubeconfig(
    kubeconfig,
    controlPlane.url,
    controlPlane.caFile,
    'identity-webhook',
    clientCertificate(client)
  )

  const issue = async (ca: ClusterCa) => {
    const { certPem, keyPem } = await ca.newServingCert('127.0.0.1')
    await writeFile(certificate, certPem)
    await writeFile(key, keyPem, { mode: 0o600 })
  }
  const run = async (ca: ClusterCa) => {
    await issue(ca)
    return startDaemon({
      name: 'identity webhook',
      command: program,
      args: [
        ...first,
        '--in-cluster=false',
        `--kubeconfig=${kubeconfig}`,
        `--tls-cert=${certificate}`,
        `--tls-key=${key}`,
        `--port=${port}`,
        `--metrics-port=${await findFreePort()}`,
        ...(options.identities === undefined
          ? []
          : [`--watch-container-credentials-config=${options.identities}`]),
        '--aws-default-region=us-east-1',
        '--sts-regional-endpoint=true'
      ],
      isReady: () => isHealthy(port, ca.certificatePem)
    })
  }
  const configurationFor = (bundle: string) => configurationOf(url, bundle)

  let ca = controlPlane.clusterCa
  let daemon = await run(ca)
  const registered = await controlPlane.kubectl(
    ['apply', '-f', '-'],
    JSON.stringify(configurationFor(ca.certificatePem))
  )
  if (registered.code !== 0) {
    await daemon.stop()
    throw new Error(`the identity webhook cannot be registered: ${registered.stderr.trim()}`)
  }
  return {
    url,
    configurationFor,
    async start(next = ca) {
      await daemon.stop()
      ca = next
      daemon = await run(ca)
    },
    async renew(next) {
      ca = next
      await issue(ca)
      // The real one watches both files; should it miss a change, it looks every ten seconds.
      await waitFor('the new certificate', () => isHealthy(port, next.certificatePem), 60_000)
    },
    stop: () => daemon.stop()
  }
}

/**
 * As `kubectl get mutatingwebhookconfiguration pod-identity-webhook -o yaml` shows it on a new EKS cluster.
 */
function configurationOf(url: string, bundle: string): unknown {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'pod-identity-webhook' },
    webhooks: [
      {
        name: 'iam-for-pods.amazonaws.com',
        admissionReviewVersions: ['v1beta1'],
        clientConfig: { url, caBundle: Buffer.from(bundle).toString('base64') },
        failurePolicy: 'Ignore',
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {
          matchExpressions: [{ key: 'eks.amazonaws.com/skip-pod-identity-webhook', operator: 'DoesNotExist' }]
        },
        reinvocationPolicy: 'IfNeeded',
        rules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: '*' }
        ],
        sideEffects: 'None',
        timeoutSeconds: 10
      }
    ]
  }
}

function isHealthy(port: number, ca: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/healthz', ca, agent: false }, (response) => {
      resolve(response.resume().statusCode === 200)
    }).once('error', reject)
  })
}
