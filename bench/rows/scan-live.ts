import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startControlPlane } from '../../test/control-plane/start.ts'
import { largeCluster } from '../support/large-cluster.ts'
import { buildPoster, countsOf, environmentFor, startIam } from '../support/live-cluster.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'
import { type MeasuredScan, scanWith } from './scan.ts'

/**
 * Scans a real API server with 20,000 service accounts, 40,000 pods and 2,000 roles, against the limits of one
 * minute and 1 GiB, and counts requests. The roles come from a file; one more scan reads them from an HTTP
 * server that answers like IAM. Creating the objects takes minutes, so the row runs only if it is named.
 */
export const scanLive: Row = async ({ rounds, scale }) => {
  const [accounts, pods] = [20_000 * scale, 40_000 * scale]
  const controlPlane = await startControlPlane()
  const cluster = largeCluster(accounts, pods, controlPlane.issuer)
  const iam = await startIam(cluster.iam)
  try {
    const post = await buildPoster(controlPlane)
    for (const objects of [cluster.namespaces, cluster.serviceAccounts, cluster.pods]) await post(objects)
    const [snapshot, config] = [
      join(controlPlane.folder, 'iam.json'),
      join(controlPlane.folder, 'config.json')
    ]
    await writeFile(snapshot, JSON.stringify(cluster.iam))
    // At the default rate, the scan would take as long as IAM's limit makes it.
    await writeFile(config, JSON.stringify({ iam: { requestsPerSecond: 1000 } }))

    const live = ['--kubeconfig', controlPlane.kubeconfig]
    const measured: MeasuredScan[] = []
    for (let round = 0; round < Math.min(rounds, 3); round++)
      measured.push(await scanWith([...live, '--iam', snapshot]))
    const withIam = await scanWith([...live, '--aws', '--config', config], environmentFor(iam.url))
    const [times, peaks] = [
      measured.map(({ milliseconds }) => milliseconds),
      measured.map(({ peak }) => peak)
    ]
    const hosts = [new URL(controlPlane.url).host, new URL(iam.url).host] as const
    const [apiRequests = 0, iamRequests = 0] = hosts.map((host) => withIam.requests[host] ?? 0)
    const pages = [accounts, pods].reduce((sum, count) => sum + Math.ceil(count / pageSize), 0)
    const what = `scan: API server with ${accounts} service accounts and ${pods} pods`

    return [
      {
        what: `${what} / one minute`,
        ratios: times.map((time) => time / 60_000),
        budget: 1,
        absolute: `${(medianOf(times) / 1000).toFixed(1)} s; ${(withIam.milliseconds / 1000).toFixed(1)} s with IAM over HTTP`
      },
      {
        what: `${what} / 1 GiB, peak memory`,
        ratios: peaks.map((peak) => peak / 1024),
        budget: 1,
        absolute: `${medianOf(peaks).toFixed(0)} MiB; ${withIam.peak.toFixed(0)} MiB with IAM over HTTP`
      },
      {
        what: `${what}, requests to the API server / pages of these objects`,
        ratios: [apiRequests / pages],
        budget: 2,
        absolute: `${apiRequests} requests`
      },
      {
        what: `${what}, requests to IAM / roles`,
        ratios: [iamRequests / cluster.iam.roles.length],
        budget: 1.01,
        absolute: `${iamRequests} requests: ${countsOf(iam.actions)}`
      }
    ]
  } finally {
    await iam.close()
    await controlPlane.stop()
  }
}

const pageSize = 500 // of the requests that irsa-guard sends
