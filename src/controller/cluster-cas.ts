import type { KubeClient } from '../kube/client.js'
import { isRecord } from '../model/record.js'

/**
 * The CAs of the cluster as kube-controller-manager publishes them in every namespace (PEM): during a rotation both, in an order that proves
 * nothing. Undefined when the ConfigMap is not there. Rejects when the API server does not answer.
 */
export async function readClusterCas(client: KubeClient, namespace: string): Promise<string | undefined> {
  const { status, body } = await client.request({ path: `/api/v1/namespaces/${namespace}/configmaps/kube-root-ca.crt` })
  if (status === 404) return undefined
  if (status !== 200 || !isRecord(body)) throw new Error(`the ConfigMap kube-root-ca.crt was not read: the API server answered ${status}`)

  const cas = isRecord(body['data']) ? body['data']['ca.crt'] : undefined
  return typeof cas === 'string' ? cas : undefined
}
