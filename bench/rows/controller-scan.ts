import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Guard,
  type GuardProcess,
  type RunningProcess,
  startGuard
} from '../../test/control-plane/guard.ts'
import type { ControlPlane } from '../../test/control-plane/start.ts'
import { waitFor } from '../../test/control-plane/wait.ts'
import { openReportsDefinition } from '../../test/support/report-crds.ts'
import { type AuditedControlPlane, startAuditedControlPlane } from '../support/audited-control-plane.ts'
import { dist } from '../support/built.ts'
import { largeCluster } from '../support/large-cluster.ts'
import { buildPoster, environmentFor, startIam } from '../support/live-cluster.ts'
import { type MeasuredProcess, startMeasured } from '../support/measured-process.ts'
import type { Comparison, Row } from '../support/row.ts'

// What Node derives from the container's memory limit of 512 MiB.
const heapOfContainer = '--max-old-space-size=256 --max-semi-space-size=1'
/** How often each role is read, in seconds. The default is 15 times as long. */
const interval = 60
const defaultInterval = 900
const patience = 900_000
/** Each watch is renewed after this many milliseconds. */
const watchDuration = 290_000

/**
 * Runs the controller in a cluster with 20,000 service accounts, 40,000 pods and 2,000 roles (a tenth with
 * `--quick`): a real API server, and an HTTP server for IAM. Creating the objects takes minutes, so the row runs
 * only if it is named.
 */
export const controllerScan: Row = async ({ scale }) => {
  const part = scale < 1 ? 0.1 : 1
  const [accounts, pods] = [20_000 * part, 40_000 * part]
  const window = part < 1 ? 60_000 : watchDuration
  const controlPlane = await startAuditedControlPlane(controllerUser)
  const cluster = largeCluster(accounts, pods, controlPlane.issuer)
  const iam = await startIam(cluster.iam)
  const settings = { enabled: true, interval: `${interval}s` }
  const measured: MeasuredProcess[] = []
  let guard: Guard | undefined
  try {
    const post = await buildPoster(controlPlane)
    for (const objects of [cluster.namespaces, cluster.serviceAccounts, cluster.pods]) await post(objects)
    await controlPlane.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify(list(openReportsDefinition, identityWebhook))
    )
    const startedAt = performance.now()
    guard = await startGuard(controlPlane, {
      config: { scan: settings, iam: { requestsPerSecond: 1000 } },
      env: { ...environmentFor(iam.url), NODE_OPTIONS: heapOfContainer },
      run: async (process) => runMeasured(process, measured)
    })
    await guard.stopServe() // it would deny the change below
    const running = guard
    const mismatches = accounts / 10
    await foundAre(guard, mismatches)
    const complete = performance.now() - startedAt
    const awsPerInterval = await awsRequestsOf(measured, new URL(iam.url).host)
    const edited = await timeOf(async () => {
      const [role, other] = cluster.iam.roles
      iam.setTrustPolicy(role?.arn ?? '', other?.trustPolicy ?? {}) // it admits nine other service accounts
      await foundAre(running, mismatches + 9)
    })
    const annotated = await timeOf(async () => {
      await annotate(controlPlane, 'space-1', 'account-1', cluster.iam.roles[2]?.arn ?? '')
      await foundAre(running, mismatches + 10)
    })
    const sweep = await metric(guard, 'irsa_guard_background_scan_duration_seconds')
    const reports = await reportSizes(controlPlane)
    const peak = ((await measured.at(-1)?.readUsage())?.peakKilobytes ?? NaN) / 1024

    settings.interval = `${defaultInterval}s`
    await guard.stopController()
    await guard.startController()
    await hasReadAll(guard, cluster.iam.roles.length)
    const withScan = await steadyStateOf(controlPlane, measured, window)

    settings.enabled = false
    await guard.stopController()
    await guard.startController()
    const withoutScan = await steadyStateOf(controlPlane, measured, window)

    return comparisonsOf({
      accounts,
      pods,
      roles: cluster.iam.roles.length,
      peak,
      awsPerInterval,
      complete,
      sweep,
      edited,
      annotated,
      reports,
      withScan,
      withoutScan
    })
  } finally {
    await guard?.stop()
    await iam.close()
    await controlPlane.stop()
  }
}

/** What the controller sends while nothing changes. */
interface SteadyState {
  /** Requests in an hour. */
  readonly perHour: number
  /** The lists and watches in the window, such as `list pods`. */
  readonly reads: readonly string[]
  readonly cpuPercent: number
}

interface Figures {
  readonly accounts: number
  readonly pods: number
  readonly roles: number
  /** In MiB. */
  readonly peak: number
  readonly awsPerInterval: number
  /** In milliseconds. */
  readonly complete: number
  /** In seconds. */
  readonly sweep: number
  /** In milliseconds, from the change to its finding. */
  readonly edited: number
  readonly annotated: number
  /** The size of each report in bytes. */
  readonly reports: readonly number[]
  readonly withScan: SteadyState
  readonly withoutScan: SteadyState
}

function comparisonsOf(figures: Figures): readonly Comparison[] {
  const { accounts, pods, roles, peak, awsPerInterval, complete, sweep, edited, annotated, reports } = figures
  const { withScan, withoutScan } = figures
  const what = `background scan: ${accounts} service accounts, ${pods} pods, ${roles} roles`
  const [bytes, largest] = [reports.reduce((sum, size) => sum + size, 0), Math.max(...reports)]
  const scanned = ['pods', 'serviceaccounts', 'namespaces', 'nodes', 'replicasets', 'jobs', 'reports']
  const lists = withScan.reads.filter((read) => scanned.some((plural) => read === `list ${plural}`))

  return [
    {
      what: `${what}: peak memory / 512 MiB`,
      ratios: [peak / 512],
      budget: 1,
      absolute: `${peak.toFixed(0)} MiB; ${seconds(complete)} from the start until all findings were there`
    },
    {
      what: `${what}: judging all namespaces / a third of the default interval`,
      ratios: [(sweep * 1000) / ((defaultInterval * 1000) / 3)],
      budget: 0.2,
      absolute: `${sweep.toFixed(1)} s; ${withScan.cpuPercent.toFixed(1)} % of a core for the whole controller, ${withoutScan.cpuPercent.toFixed(1)} % without the background scan`
    },
    {
      what: `${what}: requests to AWS in an interval / roles`,
      ratios: [awsPerInterval / roles],
      budget: 1.4,
      absolute: `${(awsPerInterval * (3600 / defaultInterval)).toFixed(0)} an hour with the default interval`
    },
    {
      what: `${what}: requests to the API server / without the background scan`,
      ratios: [withScan.perHour / withoutScan.perHour],
      budget: 1.5,
      absolute: `${withScan.perHour.toFixed(0)} an hour, ${withoutScan.perHour.toFixed(0)} without; lists of scanned objects: ${lists.length}`
    },
    {
      what: `${what}: from an edited trust policy to its finding / interval`,
      ratios: [edited / (interval * 1000)],
      budget: 1,
      absolute: seconds(edited)
    },
    {
      what: `${what}: from an annotated service account to its finding / one minute`,
      ratios: [annotated / 60_000],
      budget: 1,
      absolute: seconds(annotated)
    },
    {
      what: `${what}: largest report / 1.5 MiB`,
      ratios: [largest / (1.5 * 1024 * 1024)],
      budget: 1,
      absolute: `${(largest / 1024).toFixed(0)} KiB; all ${reports.length}: ${(bytes / 1024).toFixed(0)} KiB, ${(bytes / accounts).toFixed(0)} bytes for each service account`
    }
  ]
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`

const controllerUser = 'system:serviceaccount:irsa-guard:irsa-guard-controller'

/** Starts one of the guard's processes with the heap that it has in its container. */
async function runMeasured(
  { name, config, kubeconfig, env }: GuardProcess,
  controllers: MeasuredProcess[]
): Promise<RunningProcess> {
  const process = startMeasured(
    new URL('cli.js', dist),
    [name, '--config', config, '--kubeconfig', kubeconfig],
    env
  )
  if (name === 'controller') controllers.push(process)
  const newest: string[] = []
  const reading = (async () => {
    for await (const line of process.lines) newest.splice(0, newest.push(line) - 100)
  })()

  return {
    output: () => newest.join('\n'),
    stop: async () => {
      await process.stop()
      await reading
    }
  }
}

/** Counts what the controller requests during a window, after it has had time to become quiet. */
async function steadyStateOf(
  controlPlane: AuditedControlPlane,
  controllers: readonly MeasuredProcess[],
  window: number
): Promise<SteadyState> {
  const controller = controllers.at(-1)
  await sleep(20_000)
  const before = await controller?.readUsage()
  const from = Date.now()
  await sleep(window)
  const until = Date.now()
  const after = await controller?.readUsage()
  const requests = await controlPlane.requestsBetween(from, until)
  const hours = (until - from) / 3_600_000

  return {
    perHour: requests.length / hours,
    reads: requests.filter((request) => /^(?:list|watch) /.test(request)),
    cpuPercent: ((after?.cpuMicroseconds ?? NaN) - (before?.cpuMicroseconds ?? NaN)) / 10 / (until - from)
  }
}

/** The requests that the controller sends to AWS in an interval, over the time of two reads of each role. */
async function awsRequestsOf(controllers: readonly MeasuredProcess[], host: string): Promise<number> {
  const controller = controllers.at(-1)
  const reads = 2 * 0.8 // a role is read again after 80 % of the interval
  const before = await controller?.readUsage()
  await sleep(reads * interval * 1000)
  const after = await controller?.readUsage()

  return ((after?.requests[host] ?? NaN) - (before?.requests[host] ?? NaN)) / reads
}

async function metric({ controllerHealth }: Guard, pattern: string): Promise<number> {
  const text = await (await fetch(`${controllerHealth}/metrics`)).text()

  return Number(new RegExp(`^${pattern} (\\S+)`, 'm').exec(text)?.[1] ?? NaN)
}

/** Waits until the metric counts this many service accounts that are not admitted by their roles. */
const foundAre = async (guard: Guard, count: number): Promise<unknown> =>
  waitFor(
    `${count} findings`,
    async () => {
      const found = await metric(
        guard,
        'irsa_guard_findings\\{rule="trust-subject-mismatch",severity="error"\\}'
      )
      if (found === count) return true
      throw new Error(`found ${found}`)
    },
    patience
  )

/** Waits until each role was read and all namespaces were judged. */
const hasReadAll = async (guard: Guard, roles: number): Promise<unknown> =>
  waitFor(
    `${roles} roles`,
    async () =>
      (await metric(guard, 'irsa_guard_background_scan_duration_seconds')) > 0 &&
      (await metric(guard, 'irsa_guard_iam_requests_total\\{operation="GetRole",result="found"\\}')) >= roles,
    patience
  )

async function timeOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()

  return performance.now() - began
}

async function annotate(
  controlPlane: ControlPlane,
  namespace: string,
  name: string,
  role: string
): Promise<void> {
  const { code, stderr } = await controlPlane.kubectl([
    ...['annotate', 'serviceaccount', name, '-n', namespace, '--overwrite'],
    `eks.amazonaws.com/role-arn=${role}`
  ])
  if (code !== 0) throw new Error(stderr)
}

async function reportSizes(controlPlane: ControlPlane): Promise<readonly number[]> {
  const { stdout } = await controlPlane.kubectl(['get', 'reports.openreports.io', '-A', '-o', 'json'])
  const { items } = JSON.parse(stdout) as { items: readonly object[] }

  return items.map((report) => Buffer.byteLength(JSON.stringify(report)))
}

const list = (...items: readonly object[]): object => ({ apiVersion: 'v1', kind: 'List', items })

/** An identity webhook at whose address nothing listens. The pods exist already, and the API server ignores the failure. */
const identityWebhook = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'pod-identity-webhook' },
  webhooks: [
    {
      name: 'iam-for-pods.amazonaws.com',
      clientConfig: { url: 'https://127.0.0.1:1/mutate' },
      failurePolicy: 'Ignore',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }]
    }
  ]
}
