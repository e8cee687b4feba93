import type { ClusterCas } from '../../ca-bundle/confirm-cas.js'
import { type IdentityWebhookSettings, withAnnotationPrefix } from '../../identity-webhook/settings.js'
import type { KubeAnswer, KubeClient } from '../../kube/client.js'
import { findCluster } from '../../kube/connect.js'
import { GuardError } from '../../model/guard-error.js'
import { readClusterCasOnce } from '../../sources/cluster/cluster-cas.js'
import { readIdentityWebhook } from '../../sources/cluster/identity-webhook.js'
import { reasonOf } from '../../text/escape.js'
import { isRecord, recordOf, textOf } from '../../text/record.js'

/** Which cluster a command asks. */
export interface ClusterChoice {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
}

/** Finds the cluster that a command is meant for. Throws ERR_KUBECONFIG when there is none. */
export function connectCluster(choice: ClusterChoice, environment: NodeJS.ProcessEnv): KubeClient {
  const client = findCluster(choice, environment)
  if (client === undefined) {
    throw new GuardError(
      'ERR_KUBECONFIG',
      'there is no cluster: no --kubeconfig, no $KUBECONFIG, no token of a pod, no ~/.kube/config'
    )
  }

  return client
}

/**
 * Reads one object for somebody who waits for it. Throws ERR_INPUT when there is none or it may not be read,
 * ERR_KUBECONFIG without an answer.
 */
export async function readClusterObject(
  client: KubeClient,
  path: string,
  name: string
): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await ask(client, path)
  if (status === 200 && isRecord(body)) return body

  const message = textOf(recordOf(body)['message'])
  if (status === 404) throw new GuardError('ERR_INPUT', `there is no ${name} in the cluster ${client.server}`)
  if (status === 401 || status === 403) {
    throw new GuardError(
      'ERR_INPUT',
      `you may not read ${name} in the cluster ${client.server} (${status}${message === undefined ? '' : `: ${message}`})`
    )
  }

  throw new GuardError(
    'ERR_INPUT',
    `${name} could not be read: the cluster ${client.server} answered ${status}`
  )
}

/**
 * The CAs of the cluster, as far as they are beyond doubt. Throws ERR_KUBECONFIG when the cluster does not
 * answer.
 */
export const readClusterCa = async (client: KubeClient, at: Date): Promise<ClusterCas> =>
  answerOf(client, () => readClusterCasOnce(client, at))

/**
 * How the cluster's identity webhook is set up; a prefix that is configured wins. Undefined when the cluster
 * does not answer in time.
 */
export async function readClusterIdentityWebhook(
  client: KubeClient,
  annotationPrefix: string | undefined
): Promise<IdentityWebhookSettings | undefined> {
  try {
    const { settings } = await readIdentityWebhook(client, AbortSignal.timeout(5000))
    return withAnnotationPrefix(settings, annotationPrefix)
  } catch {
    return undefined // the usual settings stand in, and findings that rest on them say so
  }
}

const ask = async (client: KubeClient, path: string): Promise<KubeAnswer> =>
  answerOf(client, () => client.request({ path }))

async function answerOf<T>(client: KubeClient, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    const reason = reasonOf(cause)
    throw new GuardError('ERR_KUBECONFIG', `the cluster ${client.server} could not be asked: ${reason}`, {
      cause
    })
  }
}
