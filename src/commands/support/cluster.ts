import type { ClusterCas } from '../../ca-bundle/confirm-cas.js'
import { type IdentityWebhookSettings, withAnnotationPrefix } from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import { findCluster } from '../../kube/connect.js'
import { readObject, statusMessage } from '../../kube/read.js'
import { GuardError } from '../../model/guard-error.js'
import { loadClusterCasOnce } from '../../sources/cluster/cluster-cas.js'
import { loadIdentityWebhook } from '../../sources/cluster/identity-webhook.js'
import { reasonOf } from '../../text/escape.js'

/** The cluster that a command queries. */
export interface ClusterChoice {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
}

/** Finds the cluster that a command works on. Throws ERR_KUBECONFIG if there is none. */
export function connectCluster(choice: ClusterChoice, environment: NodeJS.ProcessEnv): KubeClient {
  const client = findCluster(choice, environment)
  if (client === undefined) {
    throw new GuardError(
      'ERR_KUBECONFIG',
      'no cluster found: there is no --kubeconfig, no $KUBECONFIG, no pod token and no ~/.kube/config'
    )
  }

  return client
}

/**
 * Reads one object for a command. Throws ERR_INPUT if the object does not exist or the user is not allowed to
 * read it, and ERR_KUBECONFIG if there is no response or the credentials are not accepted. `canI` is the command
 * that shows the missing permission.
 */
export async function loadClusterObject(
  client: KubeClient,
  path: string,
  name: string,
  canI?: string
): Promise<Readonly<Record<string, unknown>>> {
  const read = await readObject(client, path, { name })
  if (read.state === 'known') {
    if (read.value !== undefined) return read.value
    throw new GuardError('ERR_INPUT', `there is no ${name} in the cluster ${client.server}`)
  }
  const { response, because } = read
  if (response === undefined) throw unreachable(client, because)
  if (response.status === 401) throw notAccepted(client)
  if (response.status !== 403) throw new GuardError('ERR_INPUT', `${because}: cluster ${client.server}`)

  throw new GuardError(
    'ERR_INPUT',
    `you are not allowed to read ${name} in the cluster ${client.server} (${response.status}: ${statusMessage(response)})${canI === undefined ? '' : `; check: ${canI}`}`
  )
}

/**
 * The CAs of the cluster, both confirmed and unconfirmed. Throws ERR_KUBECONFIG if the cluster does not
 * answer.
 */
export async function loadClusterCa(client: KubeClient, at: Date): Promise<ClusterCas> {
  try {
    return await loadClusterCasOnce(client, at)
  } catch (cause) {
    throw unreachable(client, reasonOf(cause), cause)
  }
}

/**
 * The settings of the cluster's identity webhook; a configured prefix takes precedence. Undefined if the
 * cluster does not answer in time.
 */
export async function readClusterIdentityWebhook(
  client: KubeClient,
  annotationPrefix: string | undefined
): Promise<IdentityWebhookSettings | undefined> {
  try {
    const { settings } = await loadIdentityWebhook(client, AbortSignal.timeout(5000))
    return withAnnotationPrefix(settings, annotationPrefix)
  } catch {
    return undefined // the defaults are assumed, and findings that depend on them say so
  }
}

/** The error for a response with status 401. */
export const notAccepted = ({ server }: Pick<KubeClient, 'server'>): GuardError =>
  new GuardError(
    'ERR_KUBECONFIG',
    `the cluster ${server} does not accept the credentials of the kubeconfig (401); they may have expired, so log in again`
  )

export const unreachable = (
  client: Pick<KubeClient, 'server'>,
  because: string,
  cause?: unknown
): GuardError =>
  new GuardError(
    'ERR_KUBECONFIG',
    `the cluster ${client.server} could not be queried: ${because}`,
    cause === undefined ? {} : { cause }
  )
