import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import type { Finding } from '../../src/model/finding.js'
import { reportOf } from '../../src/output/report.js'
import { plainStyle, type Style } from '../../src/output/style.js'
import { reportTextOf } from '../../src/output/text.js'
import { reportOn, reportWith, verdictOn } from '../support/report.js'

const role = 'arn:aws:iam::111122223333:role/team/cart'
const own: Finding = {
  rule: 'role-arn-malformed',
  severity: 'error',
  field: 'metadata.annotations["eks.amazonaws.com/role-arn"]',
  message: 'the annotation is the ARN of a policy, not of a role: "arn:aws:iam::111122223333:policy/search"',
  fix: 'write the ARN of a role, arn:aws:iam::<12-digit-account>:role/<path/><name>',
  excerpt: { text: 'arn:aws:iam::111122223333:policy/search', from: 26, to: 32 },
  docs: 'https://irsa-guard.io/v0.1.0/rules/role-arn-malformed'
}
const missing: Finding = {
  rule: 'identity-webhook-missing',
  severity: 'error',
  field: own.field,
  message: 'no identity webhook is registered',
  fix: 'register it again',
  cause: 'cluster',
  docs: 'https://irsa-guard.io/v0.1.0/rules/identity-webhook-missing'
}
const untrusted = (name: string): Finding => ({
  rule: 'trust-subject-mismatch',
  severity: 'error',
  field: own.field,
  message: `role cart does not trust system:serviceaccount:shop:${name}`,
  fix: `add "system:serviceaccount:shop:${name}"`,
  cause: role,
  docs: 'https://irsa-guard.io/v0.1.0/rules/trust-subject-mismatch'
})

const styled = (style: Partial<Style>): Style => ({ ...plainStyle, ...style })
const textWith = (style: Partial<Style>, ...findings: readonly (readonly Finding[])[]): string =>
  reportTextOf(reportWith(...findings), styled(style))

t.test('a mistake is one entry, with how many objects it affects and the first of them', async (t) => {
  const report = reportWith(
    ...Array.from({ length: 500 }, (_, index) => (index === 0 ? [missing, own] : [missing]))
  )
  t.equal(
    reportTextOf(report, plainStyle),
    `a.yaml
  2  error  500 ServiceAccounts     identity-webhook-missing
     no identity webhook is registered
     affects shop/a0, shop/a1, shop/a2 and 497 more (-v lists all)
     fix     register it again
  2  error  ServiceAccount shop/a0  role-arn-malformed
     the annotation is the ARN of a policy, not of a role
     arn:aws:iam::111122223333:policy/search
                               ^^^^^^
     fix     write the ARN of a role, arn:aws:iam::<12-digit-account>:role/<path/><name>

✗ 501 errors (2 causes) · 500 objects judged
  more about a rule: irsa-guard explain identity-webhook-missing
`
  )
  t.equal(report.findings.length, 501, 'JSON keeps one for each object')
})

t.test('a cause whose messages differ has a summary and an example; -v shows each message', async (t) => {
  const findings = [[untrusted('a0')], [untrusted('a1')]]
  t.equal(
    textWith({}, ...findings),
    `a.yaml
  2  error  2 ServiceAccounts  trust-subject-mismatch
     ${role}: the summary of trust-subject-mismatch
     affects shop/a0, shop/a1
     example shop/a0: role cart does not trust system:serviceaccount:shop:a0
     fix     for shop/a0: add "system:serviceaccount:shop:a0"

✗ 2 errors (1 cause) · 2 objects judged
  more about a rule: irsa-guard explain trust-subject-mismatch
`
  )
  t.equal(
    textWith({ verbosity: 'verbose' }, ...findings),
    `a.yaml
  2  error  2 ServiceAccounts  trust-subject-mismatch
     ${role}: the summary of trust-subject-mismatch
     affects shop/a0, shop/a1
     at      metadata.annotations["eks.amazonaws.com/role-arn"]
     -       shop/a0: role cart does not trust system:serviceaccount:shop:a0
     fix     add "system:serviceaccount:shop:a0"
     -       shop/a1: role cart does not trust system:serviceaccount:shop:a1
     fix     add "system:serviceaccount:shop:a1"

✗ 2 errors (1 cause) · 2 objects judged
  more about a rule: irsa-guard explain trust-subject-mismatch
`
  )
})

t.test('-v names all objects of an entry, -q shows only errors', async (t) => {
  const warning: Finding = { ...own, rule: 'role-path-mismatch', severity: 'warning' }
  const waived: Finding = { ...own, rule: 'role-missing', waived: 'until it is created' }
  const findings = [[missing, warning, waived], [missing], [missing], [missing]]
  t.match(textWith({ verbosity: 'verbose' }, ...findings), /affects shop\/a0, shop\/a1, shop\/a2, shop\/a3\n/)
  const normal = textWith({}, ...findings)
  t.match(normal, /waived ServiceAccount shop\/a0 {2}role-missing\n/)
  t.match(normal, /reason {2}until it is created\n/)
  t.match(normal, /✗ 4 errors \(1 cause\), 1 warning, 1 waived · 4 objects judged\n/)
  t.equal(
    textWith({ verbosity: 'quiet' }, ...findings),
    `a.yaml
  2  error  4 ServiceAccounts  identity-webhook-missing
     no identity webhook is registered
     affects shop/a0, shop/a1, shop/a2 and 1 more (-v lists all)
     fix     register it again

✗ 4 errors (1 cause), 1 warning, 1 waived · 4 objects judged
`
  )
})

t.test('entries are listed under their file or cluster, by line', async (t) => {
  const at = (file: string, line: number, name: string) =>
    verdictOn({ file, name }, [{ ...own, field: name, line }])
  const report = reportOn(
    at('b.yaml', 7, 'late'),
    at('a.yaml', 3, 'other'),
    at('b.yaml', 5, 'early'),
    verdictOn({ file: 'b.yaml', name: 'shared' }, [{ ...missing, line: 9 }]),
    verdictOn({ file: 'c.yaml', kind: 'Deployment', name: 'shared' }, [{ ...missing, line: 1 }])
  )
  const lines = reportTextOf(report, plainStyle).split('\n')
  t.strictSame(
    lines.filter((line) => /^\S+\.yaml$|error/.test(line)).map((line) => line.replace(/ {2,}/g, ' ').trim()),
    [
      'b.yaml',
      '5 error ServiceAccount shop/early role-arn-malformed',
      '7 error ServiceAccount shop/late role-arn-malformed',
      '9 error 2 objects identity-webhook-missing',
      'a.yaml',
      '3 error ServiceAccount shop/other role-arn-malformed',
      '✗ 5 errors (4 causes) · 5 objects judged'
    ]
  )
  t.ok(lines.includes('     affects ServiceAccount shop/shared, Deployment shop/shared (c.yaml:1)'))
  const live = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'shop', name: 'live', cluster: 'prod' }
  t.match(
    reportTextOf(reportOn({ object: live, findings: [own], unchecked: [] }), plainStyle),
    /^prod\n {4}error {2}ServiceAccount shop\/live {2}role-arn-malformed\n/
  )
})

t.test('the lines fit any terminal, and what can be copied stays whole', async (t) => {
  const long = 'a-service-account-with-a-long-name-that-leaves-no-room-for-a-rule'
  const report = reportOn(
    verdictOn({ name: long }, [own]),
    verdictOn({ name: 'b' }, [{ ...missing, severity: 'info' }], [{ rule: '*', because: 'IAM was silent' }])
  )
  t.notMatch(reportTextOf(report, plainStyle), /policy\/search\n {5}fix {5}write the ARN of a role,\n/)
  for (const width of [40, 80, 120]) {
    const text = reportTextOf(report, styled({ width }))
    for (const line of text.trimEnd().split('\n')) {
      const words = line.trim().split(/ +/)
      t.ok(line.length <= width || words.length <= 4, `${width}: ${line}`)
    }
    t.ok(
      text.includes(`\n    irsa-guard explain role-arn-malformed\n`) ||
        text.includes(`: irsa-guard explain role-arn-malformed\n`),
      `${width}: the command`
    )
    t.equal(text.includes('^^^^^^'), width > 40, `${width}: an excerpt that does not fit is left out`)
    t.equal(
      text.replace(/\s+/g, ' ').includes('policy/search"'),
      width === 40,
      `${width}: the value is shown once`
    )
    t.match(text, /\n {2}1 {2}info {3}ServiceAccount shop\/b\s+identity-webhook-missing\n/)
    t.equal(text.includes(`ServiceAccount\n     shop/${long}\n`), width < 120, `${width}: kind and name`)
  }
})

t.test('an excerpt is left out if its marks would be below another part', async (t) => {
  const wide = { ...own, excerpt: { text: '角色:policy', from: 3, to: 9 } }
  t.notMatch(textWith({}, [wide]), /\^/)
  t.match(textWith({}, [{ ...own, message: 'it is wrong' }]), /it is wrong\n {5}arn:.*\n {31}\^{6}\n/)
})

t.test('colors and ASCII marks change nothing else', async (t) => {
  const findings = [[own, { ...missing, severity: 'warning' as const }], [{ ...missing, waived: 'x' }]]
  const plain = textWith({}, ...findings)
  const colored = textWith({ color: true }, ...findings)
  t.equal(stripVTControlCharacters(colored), plain)
  t.match(colored, /\u001b\[31merror/)
  t.match(colored, /\u001b\[33mwarn/)
  const ascii = textWith({ ascii: true }, ...findings)
  t.match(ascii, /^[\n\x20-\x7e]+$/)
  t.match(ascii, /\nx 1 error, 1 warning, 1 waived - 2 objects judged\n/)
})

t.test('text from a manifest cannot forge lines or colors', async (t) => {
  const evil = 'a\n✓ no findings\u001b[2J'
  const verdict = verdictOn({ name: evil, namespace: evil, file: evil, kind: evil }, [
    { ...own, field: evil, message: evil, fix: evil, rule: own.rule, waived: evil, alsoAt: [evil] }
  ])
  const text = reportTextOf(
    reportOn({ ...verdict, unchecked: [{ rule: '*', because: evil }] }),
    styled({ verbosity: 'verbose' })
  )
  t.notMatch(text, /\u001b|\n✓ no findings\\|^✓ no/)
})

t.test('the closing line says how many objects are of kinds that are judged', async (t) => {
  const closing = (objects: number, judged: number): string =>
    reportTextOf(
      reportOf({ objects, judged }, [], () => ''),
      plainStyle
    )
  t.equal(closing(3, 3), '✓ no findings · 3 objects judged\n')
  t.equal(closing(8, 7), '✓ no findings · 7 of 8 objects judged\n')
  t.equal(closing(1, 0), '? no findings · irsa-guard does not judge objects of this kind\n')
  t.equal(closing(4, 0), '? no findings · irsa-guard judges none of the kinds of these 4 objects\n')
  t.equal(closing(0, 0), '? no findings · no objects\n')
  t.equal(
    reportTextOf(
      reportOf({ objects: 3, judged: 3 }, [], () => ''),
      plainStyle,
      undefined,
      true
    ),
    '? no findings · 3 objects judged · not everything could be read\n'
  )
  t.match(textWith({}, [{ ...own, severity: 'info' }]), /\n✓ 1 info · 1 object judged\n/)
  t.match(textWith({}, [{ ...own, severity: 'warning' }]), /\n! 1 warning · 1 object judged\n/)
  t.match(textWith({}, [{ ...own, waived: 'x' }]), /\n✓ 1 waived · 1 object judged\n$/, 'nothing to explain')
})

t.test('what was not checked is a line for each reason, the most frequent first', async (t) => {
  const rules = ['role-missing', 'role-path-mismatch', 'oidc-provider-missing', 'trust-policy-invalid']
  const none = 'no facts about IAM were given (pass --iam FILE or --aws)'
  const report = reportOn(
    verdictOn({}, [], [{ rule: 'mutation-skipped', because: 'the service account is unknown' }]),
    verdictOn(
      { kind: 'Workflow', name: 'b', line: 4 },
      [],
      [{ rule: '*', because: 'nobody knows its fields' }]
    ),
    ...['c', 'd'].map((name) =>
      verdictOn(
        { name },
        [],
        rules.map((rule) => ({ rule, because: none }))
      )
    )
  )
  t.equal(
    reportTextOf(report, plainStyle),
    `not checked: 4 rules for 2 objects: no facts about IAM were given (pass --iam FILE or --aws)
not checked: mutation-skipped for 1 object: the service account is unknown
not checked: all rules for 1 object (a.yaml:4 Workflow shop/b): nobody knows its fields

✓ no findings · 4 objects judged · some rules not checked
`
  )
  t.match(
    reportTextOf(report, styled({ verbosity: 'verbose' })),
    `not checked: ${rules.join(', ')} for 2 objects (a.yaml:1 ServiceAccount shop/c, a.yaml:1 ServiceAccount shop/d): no facts`
  )
  t.equal(
    reportTextOf(report, styled({ verbosity: 'quiet' })),
    '✓ no findings · 4 objects judged · some rules not checked\n'
  )
})

t.test('a report takes time for each finding and reason, not for each pair of them', async (t) => {
  // Pairs would mean minutes here, and a call does not take so many arguments.
  const count = 130_000
  const reasons = Array.from(
    { length: count },
    (_, index) => `service account shop/a${index} is not among the given objects`
  )
  const unchecked = reasons.flatMap((because) =>
    ['service-account-missing', 'mutation-skipped'].map((rule) => ({ rule, because }))
  )
  const report = reportOn(verdictOn({}, [], unchecked))
  const lines = reportTextOf(report, styled({ verbosity: 'verbose' })).split('\n')
  t.equal(
    lines[0],
    'not checked: service-account-missing, mutation-skipped for 1 object (a.yaml:1 ServiceAccount shop/a): service account shop/a0 is not among the given objects'
  )
  t.equal(lines.length, count + 3)
  t.equal(
    reportTextOf(report, plainStyle).split('\n')[10],
    'not checked for 129,990 other reasons (-v lists all)'
  )

  const waived = { ...own, waived: 'x' }
  const verdicts = Array.from({ length: count }, (_, index) =>
    verdictOn({ name: `a${index}`, file: `${index}.yaml` }, [waived])
  )
  const text = reportTextOf(reportOn(...verdicts.slice(0, 60_000)), plainStyle)
  t.match(text.slice(-60), '60,000 waived · 60,000 objects judged')
  const oneFile = verdicts.map(({ object }) => verdictOn({ ...object, file: 'a.yaml' }, [own]))
  const errors = reportOf({ objects: count, judged: count }, oneFile, () => '')
  t.match(reportTextOf(errors, plainStyle).slice(-150), '✗ 130,000 errors · 130,000 objects judged')
})

t.test('says how many files were read, and on a terminal how long it took', async (t) => {
  const report = reportOf({ objects: 3, judged: 3 }, [], () => '')
  const closing = (files: number, style: Style = plainStyle): string =>
    reportTextOf(report, style, { files, seconds: 0.62 })
  t.equal(closing(1), '✓ no findings · 3 objects judged\n')
  t.equal(closing(3), '✓ no findings · 3 objects judged · 3 files\n')
  t.equal(closing(3, { ...plainStyle, width: 80 }), '✓ no findings · 3 objects judged · 3 files · 0.6 s\n')
})
