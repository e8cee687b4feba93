import { allRules } from '../model/finding.js'
import { escapeText } from '../text/escape.js'
import { nameOf } from './entries-text.js'
import { isFailure } from './exit-code.js'
import { shownPath } from './file-paths.js'
import type { FormatContext } from './format-context.js'
import type { ObjectReference, Report, ReportedFinding, UncheckedGroup } from './report.js'
import { judgedText, outcomeOf } from './text.js'

/** A test case and its outcome. A test case that passes can have text, too. */
interface TestCase {
  readonly className: string
  readonly name: string
  readonly outcome: 'passed' | 'failure' | 'error' | 'skipped'
  /** The rule or the kind of error. */
  readonly type?: string
  readonly message?: string
  readonly lines: readonly string[]
}

interface TestSuite {
  readonly name: string
  readonly cases: readonly TestCase[]
}

/**
 * A report as JUnit XML: a test suite for each file or cluster, and a test case for each object and rule with
 * a finding. A test case fails if its findings make the exit code 1. It contains only what Jenkins' schema
 * (junit-4.xsd of its xUnit plugin) allows and GitLab reads. The first test case always passes, because
 * consumers reject a file without test cases. https://docs.gitlab.com/ci/testing/unit_test_reports/
 */
export function junitOf(report: Report, context: FormatContext): string {
  const suites = [
    { name: 'irsa-guard', cases: [summaryCase(report), ...context.complaints.map(complaintCase)] },
    ...findingSuites(report, context),
    ...(report.unchecked.length === 0
      ? []
      : [{ name: 'not checked', cases: report.unchecked.map((group) => uncheckedCase(group, context)) }])
  ]
  const all = suites.flatMap(({ cases }) => cases)

  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites${attributes({ name: 'irsa-guard', ...countsOf(all, ['failure', 'error']) })}>
${suites.map(suiteXml).join('\n')}
</testsuites>
`
}

const summaryCase = (report: Report): TestCase => ({
  className: 'irsa-guard',
  name: 'summary',
  outcome: 'passed',
  lines: [`${outcomeOf(report)}; ${judgedText(report.summary.judged, report.summary.objects)}`]
})

const complaintCase = (complaint: string): TestCase => ({
  className: 'irsa-guard',
  name: `input: ${complaint}`,
  outcome: 'error',
  type: 'input',
  message: complaint,
  lines: [complaint]
})

const uncheckedCase = (
  { rule, because, count, objects, hint }: UncheckedGroup,
  { workingDirectory }: FormatContext
): TestCase => ({
  className: 'irsa-guard',
  name: `not checked: ${rule === allRules ? 'all rules' : rule}: ${because}`,
  outcome: 'skipped',
  lines: [
    `${because}${hint === undefined ? '' : ` (${hint})`}`,
    ...objects.map((object) => `${placeOf(object, workingDirectory)}: ${nameOf(object)}`),
    ...(count > objects.length ? [`and ${count - objects.length} more`] : [])
  ]
})

function findingSuites({ findings }: Report, context: FormatContext): TestSuite[] {
  const files = Map.groupBy(findings, ({ object }) => suiteNameOf(object, context.workingDirectory))

  return [...files].map(([name, findings]) => ({
    name,
    cases: [...Map.groupBy(findings, ({ object, rule }) => `${nameOf(object)}: ${rule}`).entries()].map(
      ([testName, group]) => findingsCase(name, testName, group, context)
    )
  }))
}

const suiteNameOf = ({ file, cluster }: ObjectReference, workingDirectory: string): string =>
  file === undefined ? (cluster ?? 'this cluster') : shownPath(workingDirectory, file)

function findingsCase(
  suite: string,
  name: string,
  findings: readonly ReportedFinding[],
  { failOn, workingDirectory }: FormatContext
): TestCase {
  // Jenkins takes the part after the last dot as the class name, and the rest as the package.
  const className = suite.replace(/\.(?:ya?ml|json)$/, '')
  const linesOf = (finding: ReportedFinding): string[] => findingLines(finding, workingDirectory)
  const failures = findings.filter((finding) => isFailure(finding, failOn))
  const [first] = failures
  if (first !== undefined)
    return {
      className,
      name,
      outcome: 'failure',
      type: first.rule,
      message: failures.map(({ message }) => message).join('; '),
      lines: failures.flatMap(linesOf)
    }

  const outcome = findings.every(({ waived }) => waived !== undefined) ? 'skipped' : 'passed'

  return { className, name, outcome, lines: findings.flatMap(linesOf) }
}

function findingLines(
  { object, severity, waived, message, field, alsoAt = [], fix, docs }: ReportedFinding,
  workingDirectory: string
): string[] {
  return [
    `${placeOf(object, workingDirectory)}: ${waived === undefined ? severity : 'waived'}: ${message}`,
    `at ${[field, ...alsoAt].join(', ')}`,
    waived === undefined ? `fix: ${fix}` : `reason: ${waived}`,
    docs
  ]
}

const placeOf = (object: ObjectReference, workingDirectory: string): string =>
  `${suiteNameOf(object, workingDirectory)}${object.line === undefined ? '' : `:${object.line}`}`

function suiteXml({ name, cases }: TestSuite): string {
  return `  <testsuite${attributes({ name, ...countsOf(cases, ['failure', 'error', 'skipped']) })}>
${cases.map(caseXml).join('\n')}
  </testsuite>`
}

const countNames = { failure: 'failures', error: 'errors', skipped: 'skipped' } as const

function countsOf(
  cases: readonly TestCase[],
  outcomes: readonly (keyof typeof countNames)[]
): Record<string, string> {
  return Object.fromEntries([
    ['tests', String(cases.length)],
    ...outcomes.map((outcome) => [
      countNames[outcome],
      String(cases.filter((testCase) => testCase.outcome === outcome).length)
    ])
  ]) as Record<string, string>
}

function caseXml({ className, name, outcome, type, message, lines }: TestCase): string {
  const element = outcome === 'passed' ? 'system-out' : outcome

  return `    <testcase${attributes({ classname: className, name })}>
      <${element}${attributes({ type, message })}>${lines.map((line) => xmlText(escapeText(line))).join('\n')}</${element}>
    </testcase>`
}

const attributes = (values: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(values)
    .flatMap(([name, value]) => (value === undefined ? [] : [` ${name}="${xmlText(escapeText(value))}"`]))
    .join('')

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Escapes text for XML 1.0, which also forbids two characters that `escapeText` keeps. */
const xmlText = (text: string): string =>
  text.replace(/[&<>"\uFFFE\uFFFF]/g, (character) => entities[character] ?? '\uFFFD')
