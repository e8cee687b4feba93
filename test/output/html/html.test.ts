import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { assetsModule } from '../../../scripts/report-page.ts'
import type { Finding } from '../../../src/model/finding.js'
import { reportFormats } from '../../../src/output/formats.js'
import { htmlReportOf } from '../../../src/output/html/html.js'
import type { Page } from '../../../src/output/html/page.js'
import { type ObjectReference, type Report, reportOf } from '../../../src/output/report.js'
import { rules } from '../../../src/rules/index.js'
import { account, findingOf, judgedReport, largeReport, summaryOf } from '../../support/report-objects.js'
import { contextOf, sampleReport } from '../../support/sample-report.js'

const htmlOf = (report: Report): string => reportFormats.html(report, contextOf())

/** The text of markup, without the tags. */
const textOf = (markup: string): string =>
  markup
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&quot;', '"')
    .replaceAll(/\s+/g, ' ')

t.test('the script and the styles are those of report-page/: npm run report-page', async (t) => {
  t.equal(readFileSync('src/output/html/assets.ts', 'utf8'), await assetsModule())
})

t.test('answers first', async (t) => {
  const error = findingOf('role-missing')
  const warning = findingOf('trust-subject-too-broad')
  const cases: readonly (readonly [string, Report])[] = [
    ['✗ 1 cause breaks 1 object', judgedReport([account('a'), error])],
    [
      '✗ 2 causes break 3 objects',
      judgedReport(
        [account('a'), findingOf('trust-subject-mismatch', { cause: 'arn:x' })],
        [account('b'), findingOf('trust-subject-mismatch', { cause: 'arn:x' }), warning],
        [account('c'), error]
      )
    ],
    // One object with two causes is one object.
    ['✗ 2 causes break 1 object', judgedReport([account('a'), error, findingOf('role-arn-malformed')])],
    ['! No errors; 1 warning on 1 object', judgedReport([account('a'), warning])],
    ['✓ No errors and no warnings', judgedReport([account('a')])],
    ['✓ No errors and no warnings', judgedReport([account('a'), findingOf('trust-policy-near-limit')])],
    ['✓ No errors and no warnings', judgedReport([account('a'), { ...error, waived: 'known' }])],
    ['? No object was judged', reportOf({ objects: 9, judged: 0 }, [], summaryOf)],
    ['? No errors found, but not everything was checked', uncheckedReport(1)]
  ]
  for (const [title, report] of cases)
    t.equal(/<title>(.*) · irsa-guard<\/title>/.exec(htmlOf(report))?.[1], title)
})

t.test('has everything without a script', async (t) => {
  const report = largeReport(2_000)
  const markup = htmlOf(report).replace(/<script[^]*/, '')
  const cards = [...markup.matchAll(/<article\s[^>]*data-cause="(\w+)"/g)].map(([, id]) => id)
  t.strictSame(cards.toSorted(), report.causes.map(({ id }) => id).sort(), 'a card for each cause')
  const rows = new Set([...markup.matchAll(/<span class="name">([^<]*)</g)].map(([, name]) => name))
  const missing = report.findings.filter(
    ({ object }) => !rows.has(`${object.namespace ?? ''}/${object.name}`)
  )
  t.strictSame(missing, [], 'a row for each object')
  t.ok(markup.includes('aws iam get-role --role-name app-1999'), 'aws iam get-role --role-name app-1999')
  t.ok(markup.includes('moves to another account'), 'moves to another account')
})

t.test('a cause has its message, fields, fix, places and page', async (t) => {
  const markup = htmlOf(
    judgedReport([
      account('a', { cluster: 'prod-eu' }),
      findingOf('role-missing', { message: 'role "x" is gone', alsoAt: ['spec.other'] })
    ])
  )
  t.ok(textOf(markup).includes('role "x" is gone'))
  t.ok(
    markup.includes('metadata.annotations[&quot;eks.amazonaws.com/role-arn&quot;], spec.other'),
    'metadata.annotations[&quot;eks.amazonaws.com/role-arn&quot;], spec.other'
  )
  t.ok(markup.includes('fix of role-missing'), 'fix of role-missing')
  t.ok(
    markup.includes('<span>shop.yaml:7</span><span>prod-eu</span>'),
    '<span>shop.yaml:7</span><span>prod-eu</span>'
  )
  t.ok(
    markup.includes(`href="${rules.find(({ id }) => id === 'role-missing')?.docs ?? ''}"`),
    `href="${rules.find(({ id }) => id === 'role-missing')?.docs ?? ''}"`
  )
  t.ok(
    markup.includes('The chain breaks at <strong>the role</strong>'),
    'The chain breaks at <strong>the role</strong>'
  )
})

t.test('objects of one cause say what differs between them', async (t) => {
  const shared = (name: string, rest: Partial<Finding> = {}): readonly [ObjectReference, Finding] => [
    account(name, { namespace: 'shop', line: 1 }),
    findingOf('trust-subject-mismatch', { cause: 'arn:aws:iam::111122223333:role/cart', ...rest })
  ]
  const page = pageIn(
    htmlOf(
      judgedReport(
        shared('a', { message: 'no a', fix: 'admit a', field: 'x' }),
        shared('b', { message: 'no b', fix: 'admit b', field: 'y' })
      )
    )
  )
  t.match(page.causes, [
    {
      message: 'arn:aws:iam::111122223333:role/cart', // without the summary of the rule, which is the title
      fix: 'for shop/a: admit a',
      objects: [
        { name: 'a', message: 'no a', fix: 'admit a', fields: ['x'] },
        { name: 'b', message: 'no b', fix: 'admit b', fields: ['y'] }
      ]
    }
  ])
  t.strictSame(
    pageIn(htmlOf(judgedReport(shared('a'), shared('b')))).causes[0]?.objects[1],
    { kind: 'ServiceAccount', namespace: 'shop', name: 'b', place: 'shop.yaml:1' },
    'what is the same is said once'
  )
})

t.test('shows objects without a namespace or name, and since when a finding is known', async (t) => {
  const webhook = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    name: 'pod-identity-webhook'
  }
  const report = judgedReport(
    [webhook, findingOf('ca-bundle-untrusted')],
    [account('', { kind: 'Terraform output', file: 'plan.json' }), findingOf('pod-identity-tag-mismatch')],
    ...['a', 'b', 'c', 'd'].map(
      (cluster) => [account('a', { cluster }), findingOf('trust-subject-too-broad')] as const
    )
  )
  const markup = htmlOf({
    ...report,
    findings: report.findings.map((finding) => ({ ...finding, since: '2026-11-24T00:00:00Z' }))
  })
  t.ok(textOf(markup).includes('MutatingWebhookConfiguration pod-identity-webhook'))
  t.ok(textOf(markup).includes('Terraform output plan.json:7'))
  t.ok(textOf(markup).includes('since 2026-11-24T00:00:00Z'))
  t.ok(textOf(markup).includes('judged in 4 clusters'))
  t.ok(textOf(markup).includes('(no namespace)'))
})

t.test('lists what was not checked by reason, with what would make it checkable', async (t) => {
  const page = pageIn(htmlOf(uncheckedReport(12)))
  t.match(page.unchecked, [
    {
      because: 'no facts about IAM were given',
      hint: 'pass --iam FILE or --aws',
      rules: ['role-missing', 'oidc-provider-missing'],
      count: 12
    },
    { because: 'its fields are not known', rules: ['*'], count: 12 }
  ])
  t.equal(page.unchecked[0]?.objects.length, 10)
  const markup = htmlOf(uncheckedReport(12))
  t.ok(textOf(markup).includes('2 rules for 12 objects'), '2 rules for 12 objects')
  t.ok(textOf(markup).includes('all rules for 12 objects'), 'all rules for 12 objects')
  t.ok(markup.includes('ServiceAccount shop/a9 and 2 more'), 'ServiceAccount shop/a9 and 2 more')
})

t.test('names the namespaces with most errors, and the clusters', async (t) => {
  const markup = htmlOf(largeReport(1_000))
  t.ok(
    textOf(markup).includes('1,000 objects judged in prod-eu, prod-us'),
    '1,000 objects judged in prod-eu, prod-us'
  )
  t.ok(/<a href="#namespace=team-2"\s*>team-2</.test(markup))
  t.ok(textOf(markup).includes('and 95 other namespaces'), 'and 95 other namespaces')
  t.notOk(htmlOf(judgedReport([account('a'), findingOf('role-missing')])).includes('Worst namespaces'))
})

t.test('control characters are visible, and hostile strings stay text', async (t) => {
  const hostile = '</script><script>alert(1)</script><!--\u202e\n'
  const markup = htmlOf(
    judgedReport([
      account(hostile, { namespace: hostile, file: hostile, cluster: hostile, kind: hostile }),
      findingOf('role-missing', { message: hostile, fix: hostile, field: hostile, waived: hostile }),
      findingOf('role-arn-malformed', { message: hostile, fix: hostile, field: hostile, alsoAt: [hostile] })
    ])
  )
  t.equal(markup.match(/<script/g)?.length, 2, 'the data and the script of the page')
  t.notOk(markup.includes('\u202e'))
  t.ok(markup.includes(String.raw`&lt;!--\u{202e}\n`), String.raw`&lt;!--\u{202e}\n`)
})

t.test('forbids all network access, and other scripts and styles', async (t) => {
  const markup = htmlOf(judgedReport([account('a'), findingOf('role-missing')]))
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(markup)?.[1] ?? ''
  const hashOf = (text: string | undefined): string =>
    `sha256-${createHash('sha256')
      .update(text ?? '')
      .digest('base64')}`
  t.equal(
    policy.replaceAll('&#39;', "'"),
    `default-src 'none'; script-src '${hashOf(/<script>([^]*?)<\/script>/.exec(markup)?.[1])}'; style-src '${hashOf(/<style>([^]*?)<\/style>/.exec(markup)?.[1])}'; img-src data:; base-uri 'none'; form-action 'none'`
  )
  t.notOk(/ style="| on\w+="/.test(markup), 'no inline style or handler, which the policy forbids')
})

t.test('a report without findings says how far irsa-guard could look', async (t) => {
  const says = (report: Report): string | undefined =>
    /<p class="empty">([^<]*)/.exec(htmlOf(report))?.[1]?.trim()
  t.equal(says(judgedReport([account('a')])), 'irsa-guard found nothing wrong.')
  t.equal(says(uncheckedReport(1)), 'irsa-guard found nothing wrong in what it could check.')
  t.equal(
    says(reportOf({ objects: 2, judged: 0 }, [], summaryOf)),
    'irsa-guard found no object that it judges.'
  )
})

t.test('works without the rules', async (t) => {
  const markup = htmlReportOf(judgedReport([account('a'), findingOf('role-missing')]), [])
  t.ok(/<h3 [^>]*>role-missing<\/h3>/.test(markup))
})

function uncheckedReport(count: number): Report {
  const because = 'no facts about IAM were given (pass --iam FILE or --aws)'

  return reportOf(
    { objects: count, judged: count },
    Array.from({ length: count }, (_, index) => ({
      object: account(`a${index}`),
      findings: [],
      unchecked: [
        { rule: 'role-missing', because },
        { rule: 'oidc-provider-missing', because },
        { rule: '*', because: 'its fields are not known' }
      ]
    })),
    summaryOf
  )
}

/** The data in a page. */
const pageIn = (markup: string): Page =>
  JSON.parse(/<script type="application\/json" id="page">(.*?)<\/script>/.exec(markup)?.[1] ?? '') as Page

t.test('states when the report was made', async (t) => {
  const page = htmlReportOf({ ...sampleReport, createdAt: '2026-11-26T11:43:12.345Z' }, rules)
  t.match(page, /Created <time datetime="2026-11-26T11:43:12\.345Z">2026-11-26 11:43 UTC<\/time>/)
  t.notMatch(htmlReportOf(sampleReport, rules), /<time/)
})
