import { readFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import { reasonOf } from '../text/escape.js'
import { recordOf, textOf } from '../text/record.js'

/** The TLS options and the headers of a request. */
export type Credentials = Omit<RequestOptions, 'headers'> & { readonly headers: Record<string, string> }

/**
 * Reads the certificates and headers of a kubeconfig's credentials, which can be files or the output of an exec
 * plugin. Rejects with the reason.
 */
export async function readCredentials(config: KubeConfig): Promise<Credentials> {
  const headers: Record<string, string> = {}
  const options: RequestOptions = { headers }
  try {
    await config.applyToHTTPSOptions(options) // adds headers to the map passed to it
  } catch (cause) {
    throw new Error(`the kubeconfig's credentials could not be obtained: ${reasonOf(cause)}`, { cause })
  }
  const tokenFile = tokenFileOf(config)
  // client-node reads the file once a minute. If the file is replaced late, the expired token would be used
  // for up to another minute.
  if (tokenFile !== undefined)
    headers['Authorization'] = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`

  return { ...options, headers }
}

/** The file of a pod's own token. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
function tokenFileOf(config: KubeConfig): string | undefined {
  return textOf(recordOf(recordOf(config.getCurrentUser()?.authProvider)['config'])['tokenFile'])
}
