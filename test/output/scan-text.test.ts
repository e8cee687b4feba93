import t from 'tap'
import type { Finding } from '../../src/model/finding.js'
import { compare, parseBaseline, withSince } from '../../src/output/baseline.js'
import { type ObjectReference, type ObjectVerdict, reportOf } from '../../src/output/report.js'
import type { ScanReport } from '../../src/output/scan-report.js'
import { scanTextOf } from '../../src/output/scan-text.js'
import { plainStyle, type Style } from '../../src/output/style.js'

const at = new Date('2026-11-26T12:00:00Z')
const terminal: Style = { ...plainStyle, width: 80 }
const summaryOf = (rule: string): string => `summary of ${rule}`

const finding = (rule: string, parts: Partial<Finding> = {}): Finding => ({
  rule,
  severity: 'error',
  field: 'metadata',
  message: `what is wrong by ${rule}`,
  fix: 'do something about it',
  docs: 'https://irsa-guard.io',
  ...parts
})
const reference = (kind: string, name: string, namespace = 'shop'): ObjectReference => ({
  apiVersion: 'v1',
  kind,
  ...(namespace !== '' && { namespace }),
  name,
  cluster: 'prod'
})
const verdict = (object: ObjectReference, ...findings: readonly Finding[]): ObjectVerdict => ({
  object,
  findings,
  unchecked: []
})
const scanOf = (verdicts: readonly ObjectVerdict[], parts: Partial<ScanReport> = {}): ScanReport => ({
  ...reportOf({ objects: 2000, judged: 1900 }, verdicts, summaryOf),
  clusters: [
    { name: 'prod', version: '1.35', serviceAccounts: 20_000, irsa: 1204, podIdentity: 310, pods: 41_300 }
  ],
  ...parts
})
const textOf = (report: ScanReport, style: Style = terminal, withContext = false): string =>
  scanTextOf(report, style, { at, seconds: 38.2, withContext, summaryOf })

const podOf = (name: string): ObjectReference => ({
  ...reference('Pod', name),
  owner: { kind: 'Deployment', name: 'web' }
})
const mixed: readonly ObjectVerdict[] = [
  ...['a', 'b', 'c', 'd', 'e'].map((name) =>
    verdict(
      reference('ServiceAccount', name, name === 'e' ? 'batch' : 'pay'),
      finding('trust-subject-mismatch', { cause: 'arn:aws:iam::111122223333:role/cart' })
    )
  ),
  ...['web-1', 'web-2'].map((name) => verdict(podOf(name), finding('pod-not-mutated'))),
  verdict(
    reference('MutatingWebhookConfiguration', 'identity', ''),
    finding('ca-bundle-expiring', { severity: 'warning' })
  ),
  ...[1, 2, 3, 4].map((number) =>
    verdict(
      reference('ServiceAccount', `x${number}`),
      finding('role-annotation-misspelt', { severity: 'info', message: `mistake ${number}` })
    )
  ),
  verdict(reference('ServiceAccount', 'waived'), finding('role-missing', { waived: 'for now' }))
]

t.test('shows the causes, the worst first, in 80 columns', async (t) => {
  t.equal(
    textOf(scanOf(mixed)),
    `prod · Kubernetes 1.35 · 20,000 service accounts: 1,204 IRSA, 310 Pod Identity ·
  41,300 pods

        hits  cause
✗ 5 accounts  what is wrong by trust-subject-mismatch
              pay/a, pay/b, pay/c and 2 more
              irsa-guard explain trust-subject-mismatch
✗     2 pods  what is wrong by pod-not-mutated
              Deployment shop/web
              irsa-guard explain pod-not-mutated
!  1 webhook  what is wrong by ca-bundle-expiring
              MutatingWebhookConfiguration identity
              irsa-guard ca mutatingwebhookconfiguration/identity --fix
· 4 accounts  summary of role-annotation-misspelt
              4 causes: shop/x1, shop/x2, shop/x3 and 1 more
              irsa-guard explain role-annotation-misspelt

  worst namespaces  pay ✗4, batch ✗1, shop ✗1
  waived            1 finding

✗ 7 errors, 1 warning, 4 infos · 1,900 of 2,000 objects judged · 38 s · all
  objects: -v
`
  )
  t.match(textOf(scanOf(mixed), terminal, true), /^ +irsa-guard ca \S+ --context prod --fix$/m)
  t.match(
    scanTextOf(scanOf(mixed), terminal, {
      at,
      seconds: 1,
      withContext: false,
      kubeconfig: 'my config',
      summaryOf
    }),
    /^ +irsa-guard ca \S+ --kubeconfig 'my config' --fix$/m
  )
})

t.test('a row of several causes is placed by all of its objects', async (t) => {
  const association = (name: string): ObjectVerdict =>
    verdict(
      reference('PodIdentityAssociation', name),
      finding('pod-identity-role-missing', { message: name })
    )
  const text = textOf(
    scanOf([
      ...['web-1', 'web-2'].map((name) => verdict(podOf(name), finding('pod-not-mutated'))),
      ...['a', 'b', 'c', 'd'].map(association)
    ])
  )
  t.match(
    text,
    /\n✗ 4 associations {2}summary of pod-identity-role-missing\n +4 causes: [^✗]+\n✗ {9}2 pods {2}what is wrong/
  )
  const sentence = scanTextOf(scanOf(['a', 'b', 'c', 'd'].map(association)), terminal, {
    ...{ at, seconds: 1, withContext: false },
    summaryOf: () => 'The role is gone.'
  })
  t.match(sentence, '\n✗ 4 associations  the role is gone\n', 'a message, not a sentence')
})

t.test('shows everything, or only errors', async (t) => {
  const everything = textOf(scanOf(mixed), { ...terminal, verbosity: 'verbose' })
  t.match(everything, /^ +pay\/a, pay\/b, pay\/c, pay\/d, batch\/e$/m)
  t.match(everything, /^ +Pod shop\/web-1, Pod shop\/web-2\n +fix: do something about it$/m)
  t.match(everything, /mistake 4/)

  const errors = textOf(scanOf(mixed), { ...terminal, verbosity: 'quiet' })
  t.match(errors, /^ +hits {2}cause\n/)
  t.notMatch(errors, /mistake|expiring|worst|Kubernetes/)
})

t.test('says what was not checked, and what would make it checkable', async (t) => {
  const unchecked = (object: ObjectReference, rule: string, because: string): ObjectVerdict => ({
    object,
    findings: [],
    unchecked: [{ rule, because }]
  })
  const report = scanOf([
    unchecked(
      reference('Pod', '', ''),
      '*',
      'pods could not be read (403) (run kubectl auth can-i list pods -A)'
    ),
    unchecked(reference('Job', '', ''), '*', 'jobs could not be read (ECONNRESET)'),
    ...['a', 'b'].map((name) =>
      unchecked(
        reference('ServiceAccount', name),
        'role-missing',
        'no facts about IAM were given (pass --iam FILE or --aws)'
      )
    )
  ])
  t.equal(
    textOf(report, { ...terminal, width: undefined }).split('\n\n')[1],
    `  not checked       1 kind of objects that you are not allowed to read. Check:
    kubectl auth can-i list pods -A
                    jobs could not be read (ECONNRESET)
                    2 objects: no facts about IAM were given (pass --iam FILE or --aws)`
  )
  t.match(textOf(report, { ...terminal, verbosity: 'verbose' }), /2 objects \(role-missing\): no facts/)

  const manyReasons = (count: number): ScanReport =>
    scanOf(
      Array.from({ length: count }, (_, index) =>
        unchecked(reference('ServiceAccount', `a${index}`), 'role-missing', `reason ${index}`)
      )
    )
  t.match(textOf(manyReasons(11)), '\n                    and 1 more reason (-v lists all)\n')
  t.match(textOf(manyReasons(12)), '\n                    and 2 more reasons (-v lists all)\n')
})

t.test('says what is unused', async (t) => {
  const roles = Array.from({ length: 12 }, (_, index) => ({
    arn: `arn:aws:iam::111122223333:role/r${index}`,
    trusts: ['system:serviceaccount:a:b']
  }))
  const text = textOf(scanOf([], { unused: { roles, serviceAccounts: [] } }))
  t.match(text, /^ {2}service accounts that have a role but that no workload uses: none$/m)
  t.match(text, /^ {2}roles that no service account can use: 12$/m)
  t.match(text, /^ {4}and 2 more \(-v lists all\)$/m)
  const because = 'they trust EKS Pod Identity'
  const undetermined = roles.map(({ arn }) => ({ arn, because }))
  t.match(
    textOf(scanOf([], { unused: { roles: [], undetermined } }), { ...terminal, verbosity: 'verbose' }),
    /can use: none\n {2}roles that could not be judged, because they trust EKS Pod Identity: 12\n(?: {4}arn:.*\n){12}/
  )
  const refused = { cluster: 'prod', because: 'IAM denied iam:ListRoles (AccessDenied)' }
  t.match(
    textOf(scanOf([], { unused: { roles, unread: [refused] } })),
    /^ {2}roles that nothing uses: some are unknown, because IAM denied/m
  )
  const unread = [{ because: 'no list of roles was given (pass --aws or --iam FILE)' }]
  const unknown = textOf(scanOf([], { unused: { unread } }))
  t.match(unknown, /nothing uses: unknown, because not all workloads/)
  t.match(unknown, /nothing uses: unknown, because no list of roles/)
})

t.test('without findings, and several clusters', async (t) => {
  const two = scanOf(
    mixed
      .slice(0, 5)
      .map((each, index) => (index < 2 ? { ...each, object: { ...each.object, cluster: 'other' } } : each)),
    {
      clusters: [
        { serviceAccounts: 1, irsa: 0, pods: 1 },
        { name: 'other', serviceAccounts: 0, irsa: 0, pods: 0 }
      ]
    }
  )
  const text = textOf(two, { ...terminal, ascii: true })
  t.match(text, /^1 service account: 0 IRSA, Pod Identity unknown - 1 pod\nother - 0 service accounts/)
  t.match(text, /worst namespaces +other pay x2, prod pay x2, prod batch x1$/m)
  t.match(textOf(scanOf([])), /\n\n✓ no findings · 1,900 of 2,000 objects judged · 38 s\n$/)
})

t.test('compares with a baseline', async (t) => {
  const day = 86_400_000
  const earlier = withSince(scanOf(mixed.slice(0, 8)), [], new Date(at.getTime() - 3 * day))
  const baseline = parseBaseline(JSON.stringify(earlier)) ?? []
  t.equal(baseline.length, 8)
  const now = withSince(scanOf(mixed.slice(5)), baseline, at)
  const comparison = compare(now, baseline, ({ object }) => object.namespace !== 'batch')
  t.equal(comparison.new.length, 5)
  t.strictSame(
    comparison.gone?.map(({ object }) => object.name),
    ['a', 'b', 'c', 'd'],
    'what this scan does not cover is not gone'
  )
  const text = textOf({ ...now, baseline: comparison })
  t.match(text, /^ +hits {2}since {3}cause$/m)
  t.match(text, /^✗ +2 pods {2}3 days {2}what/m)
  t.match(text, /^· 4 accounts {2}new {5}summary/m)
  t.match(text, /^ {2}against baseline {2}\+5 new, −4 gone$/m)
  t.match(
    textOf({ ...now, baseline: compare(now, baseline, undefined) }),
    /\+5 new; it is unknown which ones are gone/
  )

  const ages: readonly (readonly [string | undefined, RegExp])[] = [
    ['2026-11-26T11:30:00Z', /30 min/],
    ['2026-11-26T02:00:00Z', /10 h/],
    ['2027-01-01T00:00:00Z', /–/],
    [undefined, /–/]
  ]
  for (const [since, shown] of ages) {
    const known = baseline.map(({ rule, severity, message, fingerprint, object }) => ({
      ...{ rule, severity, message, fingerprint, object },
      ...(since !== undefined && { since })
    }))
    const report = withSince(scanOf(mixed.slice(5, 7)), known, at)
    t.match(textOf({ ...report, baseline: compare(report, known, undefined) }), shown)
  }
})

t.test('a baseline that is not a report', async (t) => {
  const report = { apiVersion: 'irsa-guard.io/v1', kind: 'Report' }
  for (const text of [
    '',
    '[]',
    '{"kind":"Report"}',
    JSON.stringify({ ...report, findings: {} }),
    JSON.stringify({ ...report, findings: [{ rule: 'a' }] }),
    JSON.stringify({ ...report, findings: [{ rule: 'a', fingerprint: 'b' }] })
  ])
    t.equal(parseBaseline(text), undefined, text)
  t.match(
    parseBaseline(JSON.stringify({ ...report, findings: [{ rule: 'a', fingerprint: 'b', object: {} }] })),
    [{ rule: 'a', severity: 'info', object: { name: '' } }]
  )
})

t.test('counts the waivers that expire soon', async (t) => {
  const waivedUntil = (...days: readonly (string | undefined)[]): string =>
    textOf(
      scanOf(
        days.map((day, index) =>
          verdict(
            reference('ServiceAccount', `a${index}`),
            finding('role-missing', { waived: 'moves', ...(day !== undefined && { waivedUntil: day }) })
          )
        )
      ),
      plainStyle
    )
  const table: readonly (readonly [days: readonly (string | undefined)[], text: string])[] = [
    [[undefined, '2026-12-11'], '2 findings'],
    [['2026-12-10', undefined], '2 findings (the waiver of 1 expires in 14 days)'],
    [['2026-11-27'], '1 finding (the waiver of 1 expires in 1 day)'],
    [['2026-11-26'], '1 finding (the waiver of 1 expires today)'],
    [['2026-12-03', '2026-12-01'], '2 findings (the waivers of 2 expire soon, the first in 5 days)']
  ]
  for (const [days, text] of table)
    t.match(waivedUntil(...days), new RegExp(`^  waived {12}${text.replace(/[()]/g, '.')}$`, 'm'), text)
})

t.test('shows the number and the rate of requests to IAM', async (t) => {
  const withIam = (count: number, seconds: number): string =>
    scanTextOf(scanOf([]), plainStyle, {
      at,
      seconds: 9,
      withContext: false,
      summaryOf,
      iam: { count, seconds }
    })
  t.match(
    withIam(2002, 200.2),
    /^  IAM {15}2,002 requests, 10\.0 per second \(limited by iam\.requestsPerSecond\)$/m
  )
  t.match(withIam(1, 0), /^  IAM {15}1 request$/m)
  t.notMatch(textOf(scanOf([])), /IAM {10}/)
})

t.test('states when the report was made', async (t) => {
  const text = textOf({ ...scanOf([]), createdAt: '2026-11-26T11:43:12.345Z' })
  t.match(text, /· 38 s · 2026-11-26T11:43Z\n$/)
})
