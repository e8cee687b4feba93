import { type Logger, pino } from 'pino'
import t from 'tap'
import { buildFindingEvents, eventsOf } from '../../src/controller/background-scan/finding-events.js'
import {
  changesBetween,
  findingsOf,
  type NamespaceFindings
} from '../../src/controller/background-scan/namespace-findings.js'
import { findingsIn, printOf, reportContentOf } from '../../src/controller/background-scan/report-object.js'
import { buildReports } from '../../src/controller/background-scan/reports.js'
import type { KubeClient } from '../../src/kube/client.js'
import type { KubeResponse } from '../../src/kube/response.js'
import type { ReportedFinding } from '../../src/output/report.js'
import { clientThat } from '../support/kube-client.js'

const findingOn = (index: number, more: Partial<ReportedFinding> = {}): ReportedFinding => ({
  rule: 'role-missing',
  severity: 'error',
  field: 'metadata.annotations',
  message: `role ${index} does not exist`,
  fix: 'create it',
  docs: 'https://example.com',
  cause: `cause-${index}`,
  fingerprint: index.toString(16).padStart(16, '0'),
  since: '2026-11-24T00:00:00.000Z',
  object: { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'shop', name: `a-${index}` },
  ...more
})
const found = (findings: ReportedFinding[]): NamespaceFindings => ({
  findings,
  judged: 9,
  passed: 7,
  pods: []
})
const many = (count: number, more: Partial<ReportedFinding> = {}): ReportedFinding[] =>
  Array.from({ length: count }, (_, index) => findingOn(index, more))

t.test('a report has at most 1,000 results and 900 kB, errors first, and counts them all', async (t) => {
  const warning = findingOn(5000, { severity: 'warning' })
  const content = reportContentOf(found([warning, ...many(1200)]))
  t.equal(content?.results.length, 1000)
  t.match(content?.summary, { pass: 7, fail: 1200, warn: 1, error: 0, skip: 0 })
  t.equal(content?.omitted, 201)
  t.ok(content?.results.every((result) => result['result'] === 'fail'))

  const long = reportContentOf(found(many(1000, { message: 'ä'.repeat(5000), fix: 'x'.repeat(5000) })))
  t.ok(JSON.stringify(long?.results).length < 1_000_000)
  t.ok((long?.omitted ?? 0) > 0)
  t.equal(
    reportContentOf(found([findingOn(1, { severity: 'info' })])),
    undefined,
    'no report without findings'
  )
})

t.test('a stored report gives back its findings, but no forged ones', async (t) => {
  const content = reportContentOf(found([findingOn(1)]))
  const stored = { metadata: { namespace: 'shop' }, results: content?.results, summary: content?.summary }
  t.match(findingsIn(stored), [{ rule: 'role-missing', since: '2026-11-24T00:00:00.000Z' }])
  t.strictSame(printOf(JSON.parse(JSON.stringify(stored)) as typeof stored), printOf(content ?? {}))
  t.strictSame(findingsIn({ ...stored, metadata: { namespace: 'other' } }), [], 'of another namespace')
  for (const results of [
    [null],
    ['x'],
    [{ policy: 'role-missing' }],
    'x',
    [{ properties: { fingerprint: 1 } }]
  ])
    t.strictSame(findingsIn({ ...stored, results }), [])
})

t.test('a finding keeps its time, and stays while its rule cannot be checked', async (t) => {
  const at = new Date('2026-11-25T00:00:00Z')
  const object = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'shop', name: 'cart' }
  const { cause, fingerprint, since, ...finding } = findingOn(1, { object })
  t.ok(cause !== '' && fingerprint !== '' && since !== undefined)
  const judged = (unchecked: boolean, isThere: boolean) => ({
    judged: 1,
    passed: 0,
    pods: [],
    verdicts: [
      {
        object,
        findings: isThere ? [finding] : [],
        unchecked: unchecked ? [{ rule: 'role-missing', because: 'IAM did not answer' }] : []
      }
    ]
  })
  const first = findingsOf(judged(false, true), [], new Date('2026-11-24T00:00:00Z')).findings
  t.equal(first[0]?.since, '2026-11-24T00:00:00.000Z')
  t.strictSame(findingsOf(judged(false, true), first, at).findings, first)
  t.strictSame(findingsOf(judged(true, false), first, at).findings, first)
  const fixed = findingsOf(judged(false, false), first, at).findings
  t.strictSame(fixed, [])
  t.match(changesBetween(first, fixed), { appeared: [], gone: [{ rule: 'role-missing' }] })
})

t.test('findings of one cause in a namespace share an Event, and infos have none', async (t) => {
  const events = eventsOf({
    appeared: [...many(500, { cause: 'one' }), findingOn(600, { severity: 'info' })],
    gone: [findingOn(700)]
  })
  t.match(events, [
    {
      type: 'Warning',
      reason: 'RoleMissing',
      message: /\(and 499 more in this namespace\); fix: create it$/
    },
    { type: 'Normal', reason: 'RoleMissingResolved', about: { namespace: 'shop', name: 'a-700' } }
  ])
  t.equal(events.length, 2)
})

/** The log lines as objects. */
const logInto = (lines: Record<string, unknown>[]): Logger =>
  pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) })

t.test('50 Events at once and two a minute, and the log has the number of the others', async (t) => {
  let now = new Date('2026-11-24T00:00:00Z')
  let written = 0
  let isRefused = false
  const lines: Record<string, unknown>[] = []
  const client = clientThat(({ path }) => {
    t.match(path, /^\/api\/v1\/namespaces\/shop\/events$/)
    written++
    return { status: isRefused ? 403 : 201 }
  })
  const events = buildFindingEvents(client, logInto(lines), () => now)
  const write = async (count: number, seconds: number): Promise<number> => {
    now = new Date(now.getTime() + seconds * 1000)
    written = 0
    await events.write({ appeared: many(count), gone: [] })
    return written
  }
  t.equal(await write(500, 0), 50)
  t.match(lines, [{ level: 40, events: 450, msg: 'many findings changed; some got no Event' }])
  t.equal(await write(1, 29), 0)
  t.equal(await write(1, 1), 1)
  t.equal(await write(5, 60), 2)
  t.equal(await write(60, 7 * 86_400), 50, 'no more than 50, however long it was quiet')
  lines.length = 0
  isRefused = true
  t.equal(await write(3, 90), 3, 'a refused Event does not stop the others')
  t.match(lines, [{ level: 40, events: 3, because: /403/, msg: 'Events were not written' }])
  t.equal(lines.length, 1)
})

/** An API server with one kind of reports. `list` answers the list of the reports. */
const reportServer = (list: () => Partial<KubeResponse>): KubeClient => ({
  ...clientThat(({ path }) => {
    if (path === '/apis/openreports.io/v1alpha1') return { body: { resources: [{ name: 'reports' }] } }
    return path.endsWith('/reports') ? list() : { status: 404 }
  }),
  // a watch without events
  watch: ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('stopped')))
    })
})

t.test('a new kind of reports that is not ready yet is no failure, but a lasting one is, once', async (t) => {
  for (const [why, isLasting, warnings] of [
    ['not ready yet', false, 0],
    ['lasting', true, 1]
  ] as const) {
    let lists = 0
    let now = 0
    const lines: Record<string, unknown>[] = []
    const reports = buildReports({
      client: reportServer(() => (lists++ < 2 || isLasting ? { status: 429 } : { body: { items: [] } })),
      log: logInto(lines),
      now: () => new Date(now),
      recheckEvery: 0,
      recountEvery: 0,
      onChange: () => undefined,
      onEarlier: () => undefined
    })
    await reports.select()
    now = 10_000
    await reports.select()
    await reports.select()
    reports.stop()
    t.ok(lists >= 2)
    t.equal(lines.filter(({ level }) => level === 40).length, warnings, why)
  }
})
