import { pino } from 'pino'
import t from 'tap'
import { parseConfig } from '../../src/config.js'
import { startBackgroundScan } from '../../src/controller/background-scan/background-scan.js'
import type { KubeClient } from '../../src/kube/client.js'
import { buildMetrics } from '../../src/process/metrics.js'
import { clientThat } from '../support/kube-client.js'

const unknown = { state: 'unknown', because: 'not read' } as const

t.test('a background scan that is stopped while it looks for a report kind leaves no watch', async (t) => {
  const asked = Promise.withResolvers<undefined>()
  const answer = Promise.withResolvers<undefined>()
  const lists: string[] = []
  const server = clientThat(({ path }) => {
    if (path === '/apis/openreports.io/v1alpha1') return { body: { resources: [{ name: 'reports' }] } }
    return path.endsWith('/reports')
      ? { body: { metadata: { resourceVersion: '1' }, items: [] } }
      : { status: 404 }
  })
  let open = 0
  const client: KubeClient = {
    ...server,
    request: async (request) => {
      if (request.path === '/apis/openreports.io/v1alpha1') {
        asked.resolve(undefined)
        await answer.promise
      }
      lists.push(request.path)
      return server.request(request)
    },
    // a watch without events, until it is stopped
    watch: ({ signal }) =>
      new Promise((_resolve, reject) => {
        open++
        signal?.addEventListener('abort', () => {
          open--
          reject(new Error('stopped'))
        })
      })
  }
  const config = parseConfig('{}', 'config.yaml', [])
  const scan = await startBackgroundScan({
    client,
    config,
    given: { iam: { readRole: async () => unknown, readProvider: async () => unknown } },
    readIssuer: async () => unknown,
    identityWebhook: () => undefined,
    expectedCas: { readExpectedCas: async () => unknown },
    eks: undefined,
    metrics: buildMetrics(),
    log: pino({ enabled: false }),
    onFindings: () => undefined
  })
  await asked.promise
  const stopping = scan.stop()
  answer.resolve(undefined)
  await stopping
  t.equal(open, 0)
  t.ok(lists.includes('/apis/openreports.io/v1alpha1'))
})
