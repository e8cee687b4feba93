import fc from 'fast-check'
import t from 'tap'
import type { Finding } from '../../src/model/finding.js'
import { reportFormats } from '../../src/output/formats.js'
import { type ObjectReference, type ObjectVerdict, type Report, reportOf } from '../../src/output/report.js'
import { escapeText } from '../../src/text/escape.js'
import { junitErrors } from '../support/junit-errors.js'
import { parseMarkdown } from '../support/parse-markdown.js'
import { contextOf } from '../support/sample-report.js'
import { sarifErrors } from '../support/sarif-errors.js'
import { schemaErrors } from '../support/schemas.js'
import { parseWorkflowCommand } from '../support/workflow-command.js'

const fragments = [
  ...[
    '',
    ' ',
    '\n',
    '\r\n',
    '\t',
    '\0',
    '\u001b[31m',
    '\u202e',
    '\u2028',
    '\ud800',
    '\ufffe',
    '\uffff',
    '💥'
  ],
  ...['::error::x', '\n::error::x', '##[error]x', '%0A::error::x', '%25', ',file=x', '::'],
  ...['<script>alert(1)</script>', '</details>', '<!--', '-->', '&lt;', '&', '"', "'", ']]>', '<![CDATA['],
  ...['|', '\\|', '\\', '`', '```', '| --- |', '[a](https://e.example)', '![a](https://e.example)'],
  ...['https://e.example', 'www.e.example', 'a@e.example', '@octocat', '#1', '# x', '- x', '*x*', '~~x~~'],
  ...['{0}', '{{', '](', '../', '/etc/passwd', 'C:\\a', 'a:b', '?q', '%2e%2e/', '__proto__']
]
const text = fc.oneof(
  fc.array(fc.constantFrom(...fragments), { maxLength: 6 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 20 })
)
const file = text.map((name) => (name === '' ? 'a.yaml' : name.replaceAll('\0', '')))

const finding: fc.Arbitrary<Finding> = fc.record(
  {
    rule: fc.constantFrom('role-missing', 'role-arn-malformed', 'trust-subject-mismatch'),
    severity: fc.constantFrom('error', 'warning', 'info'),
    field: text,
    message: text,
    fix: text,
    docs: fc.constant('https://irsa-guard.io/v0.1.0/rules/role-missing'),
    cause: text,
    waived: text,
    alsoAt: fc.array(text, { maxLength: 2 })
  },
  { requiredKeys: ['rule', 'severity', 'field', 'message', 'fix', 'docs'] }
)
const object: fc.Arbitrary<ObjectReference> = fc.record(
  {
    apiVersion: text,
    kind: text,
    namespace: text,
    name: text,
    file,
    line: fc.nat().map((n) => n + 1),
    cluster: text
  },
  { requiredKeys: ['apiVersion', 'kind', 'name'] }
)
const verdict: fc.Arbitrary<ObjectVerdict> = fc.record({
  object,
  findings: fc.array(finding, { maxLength: 3 }),
  unchecked: fc.array(fc.record({ rule: fc.constantFrom('role-missing', '*'), because: text }), {
    maxLength: 2
  })
})
const report: fc.Arbitrary<Report> = fc
  .array(verdict, { maxLength: 8 })
  .map((verdicts) => reportOf({ objects: 9, judged: 8 }, verdicts, () => 'a summary'))

const numRuns = Number(process.env['FUZZ_COUNT'] ?? 100)
const context = contextOf({ complaints: ['a.yaml:1: |`<b>@x'] })

t.test('JSON and SARIF stay valid, and SARIF messages contain no links', async (t) => {
  fc.assert(
    fc.property(report, (report) => {
      const log = JSON.parse(reportFormats.sarif(report, context)) as unknown
      const messages = [...JSON.stringify(log).matchAll(/"text":"((?:[^"\\]|\\.)*)"/g)]
      const links = messages.filter(([, message = '']) => message.includes(']('))
      const errors = [
        ...sarifErrors(log),
        ...schemaErrors('report', JSON.parse(reportFormats.json(report, context)))
      ]
      if (links.length + errors.length > 0) throw new Error(`${links.join()} ${errors.join('\n')}`)
    }),
    { numRuns }
  )
  t.pass('in all runs')
})

t.test('each line for GitHub is one command of ours', async (t) => {
  fc.assert(
    fc.property(report, (report) => {
      const lines = reportFormats.github(report, context).split('\n')
      const commands = lines.flatMap((line) => parseWorkflowCommand(line) ?? [])
      const waived = new Set(
        report.findings.flatMap(({ cause, waived }) => (waived === undefined ? [] : cause))
      )
      const causes = report.causes.filter(({ id }) => !waived.has(id))
      const expected = [
        context.complaints.join(),
        ...causes.map(({ summary, fix }) => `${escapeText(summary)}\nfix: ${escapeText(fix)}`)
      ]
      const messages = commands.slice(0, expected.length).map(({ message }) => message)
      const names = commands.flatMap(({ properties }) => Object.keys(properties))
      if (
        messages.join('\0') !== expected.join('\0') ||
        commands.length !== expected.length + report.unchecked.length ||
        names.some((name) => !['file', 'line', 'title'].includes(name))
      )
        throw new Error(lines.join('\n'))
    }),
    { numRuns }
  )
  t.pass('in all runs')
})

t.test('texts of users stay in code spans of the Markdown', async (t) => {
  await fc.assert(
    fc.asyncProperty(report, async (report) => {
      const nodes = await parseMarkdown(reportFormats.markdown(report, context))
      const links = nodes.filter(
        ({ type, url }) => /link|image/i.test(type) && !url?.startsWith('https://irsa-guard.io/')
      )
      const html = nodes.filter(
        ({ type, value = '' }) =>
          type === 'html' && !/^(?:<br>|<\/details>|<details>\n<summary>[\w ]+<\/summary>)$/.test(value)
      )
      const words = nodes.filter(({ type, value = '' }) => type === 'text' && !/^[\w :;.,*()-]*$/.test(value))
      const rows = nodes.filter(({ type }) => type === 'tableRow')
      if (
        links.length + html.length + words.length > 0 ||
        rows.length !== (report.causes.length === 0 ? 0 : report.causes.length + 1) ||
        rows.some(({ children }) => children?.length !== 4)
      )
        throw new Error(JSON.stringify([links, html, words, rows.length]))
    }),
    { numRuns }
  )
  t.pass('in all runs')
})

t.test('JUnit stays well-formed and valid', async (t) => {
  const verdicts = fc.sample(verdict, 500)
  const report = reportOf({ objects: 500, judged: 500 }, verdicts, () => 'a summary')
  const xml = reportFormats.junit(report, context)
  t.strictSame(await junitErrors(xml), [])
  t.notMatch(xml, /[^\n -\u{10ffff}]/u, 'no control characters')
})
