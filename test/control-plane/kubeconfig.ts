import { writeFile } from 'node:fs/promises'

/** How a kubeconfig's user proves who it is: fields of `users[].user`. */
export type Credentials = Record<string, unknown>

/**
 * Writes a kubeconfig (as JSON, which is YAML) that only its owner can read. The cluster's CAs are named by
 * file, not copied: a client that reads the file again, as one in a pod does, follows a rotation.
 */
export async function writeKubeconfig(
  file: string,
  server: string,
  caFile: string,
  user: string,
  credentials: Credentials
): Promise<void> {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'control-plane', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: user, user: credentials }],
    contexts: [{ name: 'control-plane', context: { cluster: 'control-plane', user } }],
    'current-context': 'control-plane'
  }
  await writeFile(file, JSON.stringify(kubeconfig, undefined, 2), { mode: 0o600 })
}

/** The credentials of a client certificate; both arguments are PEM. */
export function clientCertificate({ certPem, keyPem }: { certPem: string; keyPem: string }): Credentials {
  const base64 = (pem: string) => Buffer.from(pem).toString('base64')
  return { 'client-certificate-data': base64(certPem), 'client-key-data': base64(keyPem) }
}
