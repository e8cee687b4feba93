import { get } from 'node:https'
import { type Daemon, startDaemon } from './daemon.ts'

/**
 * Flags of kube-apiserver without their dashes. A list repeats the flag, undefined takes away one of ours.
 */
export type ApiServerFlags = Record<string, string | string[] | undefined>

/** Where an API server finds what it needs; all but the last four are files. */
export interface ApiServerOptions {
  binary: string
  clientCa: string
  servingCertificate: string
  servingKey: string
  serviceAccountPublicKey: string
  serviceAccountKey: string
  folder: string
  port: number
  issuer: string
  etcd: string
}

/** Starts kube-apiserver. It is ready when it says so itself. */
export async function startApiServer(options: ApiServerOptions, flags: ApiServerFlags): Promise<Daemon> {
  return startDaemon({
    name: 'kube-apiserver',
    command: options.binary,
    args: argumentsOf({
      'advertise-address': '127.0.0.1',
      'allow-privileged': 'true',
      // As on EKS: the issuer is public, but a token for the API server itself names the server.
      'api-audiences': 'https://kubernetes.default.svc',
      'authorization-mode': 'RBAC',
      'bind-address': '127.0.0.1',
      'cert-dir': options.folder,
      'client-ca-file': options.clientCa,
      // 127.0.0.1 may not be an endpoint of a Service, and from Kubernetes 1.37 the API server will not start
      // over it.
      'endpoint-reconciler-type': 'none',
      'etcd-servers': options.etcd,
      'secure-port': `${options.port}`,
      'service-account-issuer': options.issuer,
      'service-account-key-file': options.serviceAccountPublicKey,
      'service-account-signing-key-file': options.serviceAccountKey,
      'service-cluster-ip-range': '10.0.0.0/24',
      'tls-cert-file': options.servingCertificate,
      'tls-private-key-file': options.servingKey,
      ...flags
    }),
    isReady: async () => isReady(options.port),
    stopWithin: 1_000 // it would wait for open watches for much longer, and etcd holds all that it knows
  })
}

function argumentsOf(flags: ApiServerFlags): string[] {
  return Object.entries(flags).flatMap(([name, value = []]) =>
    [value].flat().map((text) => `--${name}=${text}`)
  )
}

/**
 * Asks anonymously, and whoever answers is believed: this is about being up, and a caller's first real
 * request verifies.
 */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const address = { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, agent: false }
    get(address, (response) => resolve(response.resume().statusCode === 200)).once('error', reject)
  })
}
