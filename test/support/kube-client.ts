import type { KubeClient, KubeRequest, KubeResponse } from '../../src/kube/client.js'

/**
 * A client whose API server answers what `answer` says: a body (status 200), an answer, or an error that it
 * throws.
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
