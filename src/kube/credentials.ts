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
    throw new Error(`the kubeconfig's credentials could not be obtained: ${failureOf(cause, config)}`, {
      cause
    })
  }
  const tokenFile = tokenFileOf(config)
  // client-node reads the file only once a minute. If the file were replaced late, the expired token would be
  // used for up to a minute longer.
  if (tokenFile !== undefined)
    headers['Authorization'] = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`

  return { ...options, headers }
}

/** Why there are no credentials, in one line: the error output of an exec plugin can have several. */
function failureOf(cause: unknown, config: KubeConfig): string {
  const { code, syscall } = recordOf(cause)
  const plugin = textOf(recordOf(config.getCurrentUser()?.exec)['command'])
  if (plugin !== undefined && code === 'ENOENT' && textOf(syscall)?.startsWith('spawn') === true)
    return `the exec plugin ${plugin} was not found; install it, or add its directory to PATH`

  const lines = reasonOf(cause)
    .split('\n')
    .map((line) => line.trim())

  return lines.filter((line) => line !== '').join(' ')
}

/** The file of a pod's own token. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
function tokenFileOf(config: KubeConfig): string | undefined {
  return textOf(recordOf(recordOf(config.getCurrentUser()?.authProvider)['config'])['tokenFile'])
}
