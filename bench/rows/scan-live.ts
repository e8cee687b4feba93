import { readFile, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { type ControlPlane, startControlPlane } from '../../test/control-plane/start.ts'
import { largeCluster } from '../support/large-cluster.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'
import { scanWith } from './scan.ts'

/**
 * Scans a real API server with 20,000 service accounts, 40,000 pods and 2,000 roles (from a file), against the
 * limits of one minute and 1 GiB. Creating the objects takes minutes, so the row runs only if it is named.
 */
export const scanLive: Row = async ({ rounds, scale }) => {
  const [accounts, pods] = [20_000 * scale, 40_000 * scale]
  const controlPlane = await startControlPlane()
  try {
    const cluster = largeCluster(accounts, pods, controlPlane.issuer)
    const post = await buildPoster(controlPlane)
    for (const objects of [cluster.namespaces, cluster.serviceAccounts, cluster.pods]) await post(objects)
    const iam = join(controlPlane.folder, 'iam.json')
    await writeFile(iam, JSON.stringify(cluster.iam))

    const measured = []
    for (let round = 0; round < Math.min(rounds, 3); round++)
      measured.push(await scanWith(['--kubeconfig', controlPlane.kubeconfig, '--iam', iam]))
    const [times, peaks] = [
      measured.map(({ milliseconds }) => milliseconds),
      measured.map(({ peak }) => peak)
    ]
    const what = `scan: API server with ${accounts} service accounts and ${pods} pods`

    return [
      {
        what: `${what} / one minute`,
        ratios: times.map((time) => time / 60_000),
        budget: 1,
        absolute: `${(medianOf(times) / 1000).toFixed(1)} s`
      },
      {
        what: `${what} / 1 GiB, peak memory`,
        ratios: peaks.map((peak) => peak / 1024),
        budget: 1,
        absolute: `${medianOf(peaks).toFixed(0)} MiB`
      }
    ]
  } finally {
    await controlPlane.stop()
  }
}

const atOnce = 20

/** Creates objects with the administrator's certificate, a few at a time. */
async function buildPoster(
  controlPlane: ControlPlane
): Promise<(objects: readonly object[]) => Promise<void>> {
  const { certPem, keyPem } = await controlPlane.clientCertificate('bench', ['system:masters'])
  const agent = new Agent({
    keepAlive: true,
    maxSockets: atOnce,
    ca: await readFile(controlPlane.caFile, 'utf8'),
    cert: certPem,
    key: keyPem
  })

  return async (objects) => {
    const waiting = [...objects]
    const work = async (): Promise<void> => {
      for (let object = waiting.pop(); object !== undefined; object = waiting.pop())
        await create(controlPlane.url, agent, object)
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }
}

const plurals: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  Pod: 'pods'
}

async function create(url: string, agent: Agent, object: object): Promise<void> {
  const { kind, metadata } = object as { kind: string; metadata: { namespace?: string } } // made in large-cluster.ts
  const within = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const sent = request(
      `${url}/api/v1${within}/${plurals[kind]}`,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      }
    )
    sent.on('error', reject)
    sent.end(JSON.stringify(object))
  })
  if (status !== 201) throw new Error(`expected status 201, got ${status} for ${JSON.stringify(object)}`)
}
