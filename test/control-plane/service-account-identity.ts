import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeKubeconfig } from './kubeconfig.ts'
import { startPolling } from './polling.ts'
import type { ControlPlane } from './start.ts'

/** Whose identity is given, and where its files go. */
export interface IdentityOptions {
  namespace: string
  serviceAccount: string
  folder: string
  /**
   * How long each token lives; it is replaced after half of that. At least 600, which is the API server's own
   * limit.
   */
  tokenSeconds?: number
}

/** A service account's identity for a process outside the cluster. */
export interface Identity {
  kubeconfig: string
  /** Ends the replacing of tokens. Rejects when a token could not be had meanwhile. */
  stop(): Promise<void>
}

/**
 * Writes a kubeconfig that acts as a service account, with a bound token as a pod has, so that the rights in
 * force are those of its roles and no more. Rejects when the service account is not there.
 */
export async function writeIdentity(controlPlane: ControlPlane, options: IdentityOptions): Promise<Identity> {
  const { namespace, serviceAccount, folder, tokenSeconds = 3_600 } = options
  const kubeconfig = join(folder, `${namespace}.${serviceAccount}.kubeconfig`)
  const credential = join(folder, `${namespace}.${serviceAccount}.json`)
  const refresh = async () => {
    const token = await controlPlane.kubectl([
      'create',
      'token',
      serviceAccount,
      '-n',
      namespace,
      `--duration=${tokenSeconds}s`
    ])
    if (token.code !== 0)
      throw new Error(`no token for ${namespace}/${serviceAccount}: ${token.stderr.trim()}`)

    await writeFile(
      `${credential}.new`,
      JSON.stringify(execCredentialOf(token.stdout.trim(), tokenSeconds)),
      { mode: 0o600 }
    )
    await rename(`${credential}.new`, credential)
  }
  await refresh()
  // kubectl and @kubernetes/client-node name a token's file differently in a kubeconfig; a command that
  // prints it suits both.
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'cat',
    args: [credential],
    interactiveMode: 'Never'
  }
  await writeKubeconfig(kubeconfig, controlPlane.url, controlPlane.caFile, `${namespace}/${serviceAccount}`, {
    exec
  })

  return { kubeconfig, stop: startPolling(tokenSeconds * 500, refresh) }
}

/**
 * Clients ask again once the token has lived for half of its time, which is when its successor is written.
 */
function execCredentialOf(token: string, seconds: number): unknown {
  const expirationTimestamp = new Date(Date.now() + seconds * 500).toISOString()
  return {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token, expirationTimestamp }
  }
}
