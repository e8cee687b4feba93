// Metrics, alerts, runbooks and the dashboard, checked with Prometheus' own tool and Grafana's own schema.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { parse } from 'yaml'
import { showAssessments, showClusterCas } from '../../src/controller/metrics.js'
import { buildMetrics } from '../../src/process/metrics.js'
import { rules } from '../../src/rules/index.js'
import { recordReview } from '../../src/server/record-review.js'
import { docsUrl, version } from '../../src/version.js'
import { findMonitoringTools } from '../control-plane/monitoring-tools.ts'
import { run } from '../control-plane/run.ts'

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly annotations: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

const alertsFile = 'manifests/monitoring/alerts.yaml'
const { groups } = parse(readFileSync(alertsFile, 'utf8')) as { groups: { rules: Alert[] }[] }
const alerts = groups.flatMap((group) => group.rules)
const tools = await findMonitoringTools()
const metricsOf = (text: string): string[] => text.match(/\birsa_guard_[a-z_]+/g) ?? []

/** The metrics of a process that has been used, by users who try to get their own text into labels. */
async function usedMetrics() {
  const metrics = buildMetrics(() => ({ namespaces: new Date(), serviceaccounts: new Date() }))
  const log = pino({ level: 'silent' })
  for (let user = 0; user < 500; user++) {
    const text = `tenant-${user}"} 1\n`
    recordReview(metrics, log, {
      request: {
        uid: 'u',
        operation: text,
        kind: text,
        namespace: text,
        user: text,
        groups: [],
        object: { metadata: { name: text } },
        oldObject: undefined,
        isDryRun: false
      } as unknown as NonNullable<Parameters<typeof recordReview>[2]['request']>, // the fields that are recorded
      response: { uid: 'u', allowed: true },
      milliseconds: 1
    })
  }
  recordReview(metrics, log, { milliseconds: 1 })
  metrics.wouldDeny.count('role-missing')
  metrics.facts.count('role', 'unknown')
  metrics.iamRequests.inc({ operation: 'GetRole', result: 'found' })
  metrics.eksRequests.inc({ operation: 'ListPodIdentityAssociations', result: 'throttled' })
  metrics.changeMessages.inc({ result: 'used' })
  metrics.changeQueue.set(1)
  metrics.findings.inc({ rule: 'role-missing', severity: 'error' })
  metrics.identityWebhookMutating.set({ api_server: '10.0.0.1:443' }, 1)
  metrics.selfTest.set({ check: 'policy', api_server: '10.0.0.1:443' }, 1)
  metrics.certificateExpiry.set(1)
  metrics.clusterCaSigning.set({ id: '0f1e2d3c-a' }, 1)
  metrics.clusterCaAutoActivation.set({ id: '0f1e2d3c-a', event: 'first' }, 1)
  metrics.configReloaded.set(1)
  metrics.configReloadedAt.set(1)
  showClusterCas(metrics, { confirmed: undefined, unconfirmed: '', doubt: undefined })
  const guarded = { configuration: { name: 'a' }, webhook: { name: 'b.example.com' } }
  showAssessments(metrics, [{ guarded, state: 'ok', because: '' }] as unknown as Parameters<
    typeof showAssessments
  >[1]) // the fields that become labels

  return metrics
}

t.test('metrics', async (t) => {
  const { registry } = await usedMetrics()
  const text = await registry.metrics()
  const listed = await registry.getMetricsAsJSON()

  await t.test('are clean for promtool', async (t) => {
    t.match(await run(tools.promtool, ['check', 'metrics'], { input: text }), { code: 0, text: '' })
    const dirty = '# TYPE irsa_guard_reviews counter\nirsa_guard_reviews 1\n'
    t.match(await run(tools.promtool, ['check', 'metrics'], { input: dirty }), { code: 3 })
  })

  await t.test('have no label value that a user of the cluster chooses', async (t) => {
    const ruleIds = rules.map(({ id }) => id)
    const known: Readonly<Record<string, readonly string[] | RegExp>> = {
      version: [version],
      kind: /^(|other|ServiceAccount|Namespace|Pod|Deployment|StatefulSet|DaemonSet|ReplicaSet|Job|CronJob|(Mutating|Validating)WebhookConfiguration)$/,
      operation: /^(|other|CREATE|UPDATE|DELETE|CONNECT|GetRole|ListPodIdentityAssociations)$/,
      outcome: ['allowed', 'warned', 'denied', 'exempt', 'malformed', 'overloaded', 'failed'],
      rule: ruleIds,
      fact: ['role'],
      result: ['found', 'unknown', 'throttled', 'used'],
      severity: ['error', 'warning', 'info'],
      webhook: ['a/b.example.com'], // names of webhook configurations
      state: ['ok'],
      api_server: ['10.0.0.1:443'],
      check: ['webhook', 'policy'],
      id: ['0f1e2d3c-a'], // EKS chooses it
      event: ['first', 'final'],
      collection: ['namespaces', 'serviceaccounts'],
      le: /^/
    }
    for (const metric of listed) {
      const samples = metric.values.filter(({ labels }) => Object.keys(labels).length > 0)
      t.ok(samples.length < 100, `${metric.name}: ${samples.length} series`)
      for (const { labels } of samples)
        for (const [label, value] of Object.entries(labels)) {
          const allowed = known[label] ?? []
          t.ok(
            'test' in allowed ? allowed.test(String(value)) : allowed.includes(String(value)),
            `${metric.name}{${label}=${JSON.stringify(value)}}`
          )
        }
    }
  })

  await t.test('are named as documented, times with their unit', async (t) => {
    const documented = readFileSync('docs/operations.md', 'utf8').matchAll(
      /^\| `(irsa_guard_\w+)(?:\{([\w,]*)\})?`/gm
    )
    const labelsOf = new Map(
      [...documented].map(([, name = '', labels = '']) => [name, labels.split(',').filter(Boolean)])
    )
    t.strictSame([...labelsOf.keys()].sort(), listed.map(({ name }) => name).sort())
    for (const { name, values } of listed) {
      const labels = new Set(values.flatMap(({ labels }) => Object.keys(labels)))
      labels.delete('le')
      t.strictSame([...labels].sort(), [...(labelsOf.get(name) ?? [])].sort(), name)
      if (/expiry|last_event|success_/.test(name)) t.match(name, /_timestamp_seconds$/)
    }
  })

  await t.test('have no value before there is one', async (t) => {
    const fresh = await buildMetrics().registry.metrics()
    t.strictSame(fresh.match(/^irsa_guard_(?!build_info|review_duration)\w+.*$/gm) ?? [], [])
  })
})

t.test('alerts', async (t) => {
  const names = (await buildMetrics().registry.getMetricsAsJSON()).map(({ name }) => name)

  await t.test('use metrics that exist, and each has its runbook', async (t) => {
    for (const { alert, expr, annotations, labels } of alerts) {
      for (const metric of metricsOf(expr)) t.ok(names.includes(metric), `${alert}: ${metric}`)
      t.equal(annotations['runbook_url'], `${docsUrl}/runbooks/${alert}`)
      t.match(labels['severity'], /^(critical|warning)$/, alert)
      const page = readFileSync(`docs/runbooks/${alert}.md`, 'utf8')
      t.strictSame(
        page.match(/^#+ .*$/gm)?.filter((line) => /^##? /.test(line)),
        [`# ${alert}`, '## What to look at', '## What to do', '## Silencing it']
      )
    }
    const pages = readdirSync('docs/runbooks').filter((page) => page !== 'README.md')
    t.strictSame(pages.sort(), alerts.map(({ alert }) => `${alert}.md`).sort())
    const index = readFileSync('docs/runbooks/README.md', 'utf8')
    for (const page of pages) t.ok(index.includes(`(${page})`), page)
  })

  await t.test('fire when they should, and only then', async (t) => {
    t.match(await run(tools.promtool, ['check', 'rules', '--lint=all', alertsFile]), { code: 0 })
    const file = `${t.testdir()}/cases.json`
    writeFileSync(file, JSON.stringify(ruleTests()))
    t.match(await run(tools.promtool, ['test', 'rules', file]), { code: 0, text: /SUCCESS/ })
    const fired = new Set(cases.flatMap(({ fires }) => fires))
    t.strictSame([...fired].sort(), alerts.map(({ alert }) => alert).sort(), 'each alert has a case')
  })
})

interface Case {
  readonly why: string
  /** Series that replace those of a healthy installation; undefined removes them. */
  readonly series: Readonly<Record<string, string | undefined>>
  readonly at: string
  readonly fires: readonly string[]
}

// Values are written as `start+step x count`, one a minute.
const selfTest = (check: string): string => `irsa_guard_self_test{check="${check}",api_server="10.0.0.1:443"}`
const mutating = 'irsa_guard_identity_webhook_mutating{api_server="10.0.0.1:443"}'
const bundle = (state: string): string => `irsa_guard_ca_bundle_state{webhook="a/b",state="${state}"}`
const facts = (result: string): string => `irsa_guard_facts_total{fact="role",result="${result}"}`
const reviews = (outcome: string): string =>
  `irsa_guard_reviews_total{kind="Pod",operation="CREATE",outcome="${outcome}"}`
const serving = 'irsa_guard_serving_certificate_expiry_timestamp_seconds{job="serve"}'
const caExpiry = 'irsa_guard_cluster_ca_expiry_timestamp_seconds'
const activation = 'irsa_guard_cluster_ca_activation_timestamp_seconds'
const failOpen = 'apiserver_admission_webhook_fail_open_count{name="iam-for-pods.amazonaws.com"}'
const watch = 'irsa_guard_watch_last_event_timestamp_seconds{collection="namespaces"}'
const day = 86_400
const healthy = {
  [selfTest('webhook')]: '1x200',
  [selfTest('policy')]: '1x200',
  [mutating]: '1x200',
  [bundle('ok')]: '1x200',
  [facts('known')]: '0+60x200',
  [facts('unknown')]: '0+6x200',
  [reviews('allowed')]: '0+60x200',
  [serving]: `${60 * day}x200`,
  [caExpiry]: `${3000 * day}x200`,
  irsa_guard_cluster_cas: '1x200',
  irsa_guard_cluster_ca_unconfirmed: '0x200',
  irsa_guard_config_last_reload_successful: '1x200',
  'irsa_guard_findings{rule="role-missing",severity="warning"}': '1x200',
  irsa_guard_background_scan_timestamp_seconds: '0+60x200',
  [failOpen]: '7x200',
  [watch]: '0+60x200'
}
const cases: readonly Case[] = [
  { why: 'a healthy installation', series: {}, at: '3h', fires: [] },
  { why: 'nothing is scraped yet', series: allOf(undefined), at: '2m', fires: [] },
  {
    why: 'everything is gone',
    series: allOf(undefined),
    at: '20m',
    fires: ['IrsaGuardSelfTestMissing', 'IrsaGuardServeMissing', 'IdentityWebhookCanaryMissing']
  },
  {
    why: 'the API server does not call the webhook',
    series: { [selfTest('webhook')]: '0x200' },
    at: '10m',
    fires: ['IrsaGuardFailsOpen']
  },
  {
    why: 'a roll of the pods: one failed self-test',
    series: { [selfTest('webhook')]: '1x5 0 1x200' },
    at: '8m',
    fires: []
  },
  {
    why: 'only the policy cannot be tested',
    series: { [selfTest('policy')]: undefined },
    at: '15m',
    fires: ['IrsaGuardSelfTestMissing']
  },
  {
    why: 'pods start without their role',
    series: {
      [mutating]: '0x200',
      [failOpen]: '7+1x200',
      [bundle('ok')]: undefined,
      [bundle('stale')]: '1x200'
    },
    at: '5m',
    fires: ['IdentityWebhookDoesNotMutate', 'IdentityWebhookFailsOpen', 'CABundleUnexpected']
  },
  {
    why: 'a CA was added, and a bundle lacks it',
    series: { irsa_guard_cluster_cas: '2x200', [bundle('ok')]: undefined, [bundle('incomplete')]: '1x200' },
    at: '2h',
    fires: ['ClusterCAChangeAhead', 'CABundleIncomplete']
  },
  {
    why: 'the next CA is activated in 20 days, and a bundle lacks it',
    series: {
      [activation]: `${20 * day}x200`,
      irsa_guard_cluster_cas: '2x200',
      [bundle('ok')]: undefined,
      [bundle('incomplete')]: '1x200'
    },
    at: '2h',
    fires: ['ClusterCAChangeAhead', 'CABundleIncomplete', 'ClusterCAActivationSoon']
  },
  {
    why: 'the next CA is activated in 6 days, and a bundle lacks it',
    series: {
      [activation]: `${6 * day}x200`,
      irsa_guard_cluster_cas: '2x200',
      [bundle('ok')]: undefined,
      [bundle('incomplete')]: '1x200'
    },
    at: '2h',
    fires: [
      'ClusterCAChangeAhead',
      'CABundleIncomplete',
      'ClusterCAActivationSoon',
      'ClusterCAActivationImminent'
    ]
  },
  {
    why: 'the next CA is activated in 6 days, and all bundles have it',
    series: { [activation]: `${6 * day}x200`, irsa_guard_cluster_cas: '2x200' },
    at: '2h',
    fires: ['ClusterCAChangeAhead']
  },
  {
    why: 'the CA expires within 210 days',
    series: { [caExpiry]: `${200 * day}x200` },
    at: '2h',
    fires: ['ClusterCAChangeAhead']
  },
  {
    why: 'an unknown CA',
    series: { irsa_guard_cluster_ca_unconfirmed: '1x200' },
    at: '10m',
    fires: ['ClusterCAUnconfirmed']
  },
  {
    why: 'the certificate is not renewed',
    series: { [serving]: `${13 * day}x200` },
    at: '2h',
    fires: ['IrsaGuardCertificateExpiring']
  },
  {
    why: 'the certificate is 20 days from its end',
    series: { [serving]: `${20 * day}x200` },
    at: '2h',
    fires: []
  },
  {
    why: 'no AWS access',
    series: { [facts('known')]: '0x200', [facts('unknown')]: '0+60x200' },
    at: '2h',
    fires: ['IrsaGuardFactsUnknown']
  },
  {
    why: 'IAM throttled for twenty minutes',
    series: {
      [facts('known')]: '0+60x60 3600x20 3600+60x120',
      [facts('unknown')]: '0+0x60 0+60x20 1200x120'
    },
    at: '1h25m',
    fires: []
  },
  {
    why: 'reviews that are refused for lack of memory',
    series: { [reviews('overloaded')]: '0+1x200' },
    at: '30m',
    fires: ['IrsaGuardReviewsFail']
  },
  { why: 'a watch that is silent', series: { [watch]: '0x200' }, at: '20m', fires: ['IrsaGuardWatchStale'] },
  {
    why: 'a background scan that has stopped',
    series: { irsa_guard_background_scan_timestamp_seconds: '0x200' },
    at: '80m',
    fires: ['IrsaGuardBackgroundScanStale']
  },
  {
    why: 'a broken configuration file',
    series: { irsa_guard_config_last_reload_successful: '0x200' },
    at: '10m',
    fires: ['IrsaGuardConfigRefused']
  },
  {
    why: 'an identity webhook that misses pods',
    series: { 'irsa_guard_findings{rule="identity-webhook-misses-pods",severity="error"}': '1x200' },
    at: '10m',
    fires: ['AwsIdentityBroken']
  }
]

function allOf(value: undefined): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(healthy).map((series) => [series, value]))
}

const ruleTests = (): object => ({
  rule_files: [`${process.cwd()}/${alertsFile}`],
  evaluation_interval: '1m',
  tests: cases.map(({ why, series, at, fires }) => ({
    name: why,
    interval: '1m',
    input_series: Object.entries({ ...healthy, ...series }).flatMap(([name, values]) =>
      values === undefined ? [] : [{ series: name, values }]
    ),
    promql_expr_test: [
      {
        expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: at,
        exp_samples: fires.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 }))
      }
    ]
  }))
})

t.test('the dashboard', async (t) => {
  const file = 'manifests/monitoring/dashboard.json'
  const text = readFileSync(file, 'utf8')
  const { panels } = JSON.parse(text) as {
    panels: {
      id: number
      gridPos: { x: number; y: number; w: number; h: number }
      targets?: { expr: string }[]
    }[]
  }

  await t.test("fits Grafana's schema", async (t) => {
    t.match(await run(tools.dashboard, [file]), { code: 0, text: '' })
    const broken = `${t.testdir()}/broken.json`
    writeFileSync(broken, text.replace('"timeseries"', '"timesery"').replace('"gridPos"', '"gridPosition"'))
    t.match(await run(tools.dashboard, [broken]), { code: 1, stderr: /gridPosition/ })
  })

  await t.test('shows metrics that exist, and all of them', async (t) => {
    const names = (await buildMetrics().registry.getMetricsAsJSON()).map(({ name }) => name)
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    const shown = new Set(expressions.flatMap(metricsOf).map((name) => name.replace(/_bucket$/, '')))
    t.strictSame([...shown].sort(), names.sort())
    const rulesFile = `${t.testdir()}/expressions.json`
    const record = (expr: string, index: number): object => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m')
    })
    writeFileSync(rulesFile, JSON.stringify({ groups: [{ name: 'panels', rules: expressions.map(record) }] }))
    t.match(await run(tools.promtool, ['check', 'rules', rulesFile]), { code: 0 })
  })

  await t.test('has no two panels in one place', async (t) => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`)
    )
    t.equal(new Set(cells).size, cells.length)
    t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  })
})
