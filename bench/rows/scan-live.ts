import { readFile, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { type ControlPlane, startControlPlane } from '../../test/control-plane/start.ts'
import {
  absentReply,
  type FakeIam,
  identityReply,
  providerReply,
  providersReply,
  roleReply,
  startFakeIam
} from '../../test/support/fake-iam.ts'
import { type LargeCluster, largeCluster } from '../support/large-cluster.ts'
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

/** The credentials of any user, and the only AWS endpoint. */
const environmentFor = (endpoint: string): NodeJS.ProcessEnv => ({
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_REGION: 'us-east-1',
  AWS_ENDPOINT_URL: endpoint
})

/** An HTTP server that answers as IAM and STS do, with the facts of a snapshot. */
async function startIam({ accounts, roles, oidcProviders }: LargeCluster['iam']): Promise<FakeIam> {
  const policies = new Map(roles.map(({ arn, trustPolicy }) => [arn.split('/').at(-1), { arn, trustPolicy }]))
  const [account = ''] = accounts

  return startFakeIam(({ action, parameters }) => {
    const role = policies.get(parameters.get('RoleName') ?? '')
    if (action === 'GetCallerIdentity') return identityReply(account)
    if (action === 'GetRole') return role === undefined ? absentReply : roleReply(role.arn, role.trustPolicy)
    const provider = oidcProviders.find(({ arn }) => arn === parameters.get('OpenIDConnectProviderArn'))

    return provider === undefined
      ? providersReply(oidcProviders.map(({ arn }) => arn))
      : providerReply(provider.arn.split(':oidc-provider/')[1] ?? '', provider.clientIds)
  })
}

/** How often each text occurs, such as `GetRole 2000, GetCallerIdentity 1`. */
const countsOf = (texts: readonly string[]): string =>
  [...Map.groupBy(texts, (text) => text)].map(([text, { length }]) => `${text} ${length}`).join(', ')

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
