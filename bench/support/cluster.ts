import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { makeCertificate } from '../../test/support/certificate.ts'

/**
 * Acts as the API server of a small cluster: lists the given collections by path, and serves watches without
 * events. The measured server therefore has the same facts available as in production, and no real API server
 * competes for CPU time. Writes a kubeconfig.
 */
export async function startCluster(
  collections: Readonly<Record<string, readonly object[]>>,
  kubeconfigFile: string
): Promise<{ stop(): void }> {
  const { certificate, key } = makeCertificate('127.0.0.1')
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://127.0.0.1')
    const items = collections[pathname]
    response.writeHead(items === undefined ? 404 : 200, { 'content-type': 'application/json' })
    if (searchParams.has('watch')) response.flushHeaders()
    else response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  const kubeconfig = {
    clusters: [
      {
        name: 'bench',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': Buffer.from(certificate).toString('base64')
        }
      }
    ],
    users: [{ name: 'bench', user: { token: 'bench' } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    'current-context': 'bench'
  }
  await writeFile(kubeconfigFile, JSON.stringify(kubeconfig)) // JSON is YAML

  return {
    stop: () => {
      server.close()
      server.closeAllConnections()
    }
  }
}
