import type { KubeClient } from './client.js'
import type { KubeResponse } from './response.js'

/**
 * Creates a pod in a dry run: the API server admits it, which calls the webhooks, but does not store it.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
 */
export const createPodInDryRun = async (
  client: KubeClient,
  namespace: string,
  pod: unknown,
  signal?: AbortSignal
): Promise<KubeResponse> =>
  client.request({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/pods`,
    query: { dryRun: 'All' },
    body: pod,
    ...(signal && { signal })
  })
