import type { KubeClient, KubeRequest } from '../../src/kube/client.js'
import type { KubeResponse } from '../../src/kube/response.js'

/**
 * A client whose API server answers with the response that `answer` returns (status 200 by default). If
 * `answer` returns an error, the request rejects with that error.
 */
export function clientThat(
  answer: (request: KubeRequest) => Partial<KubeResponse> | Error,
  trust: { cas: string | undefined; isMounted: boolean } = { cas: undefined, isMounted: false }
): KubeClient {
  const client: KubeClient = {
    server: 'https://127.0.0.1:6443',
    namespace: 'default',
    request: async (request) => {
      const given = answer(request)
      if (given instanceof Error) throw given

      return { status: 200, body: {}, warnings: [], ...given }
    },
    watch: async () => ({ status: 500, body: '', warnings: [] }),
    at: ({ host, port }) => ({ ...client, server: `https://${host}:${port}` }),
    readTrust: async () => trust,
    readToken: async () => undefined,
    close: () => undefined
  }

  return client
}
