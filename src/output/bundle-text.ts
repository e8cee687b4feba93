import type { BundleReport } from '../ca-bundle/report.js'
import { escapeText } from '../text/escape.js'
import { certificateLines, certificateTable } from './certificate-text.js'
import { indentOf, labelled, type Mark, markOf, paint, type Style } from './style.js'

/** What printing a bundle needs besides its report. */
export interface BundleContext {
  /** The name of the webhook, if it is known. */
  readonly name: string | undefined
  readonly failurePolicy: string | undefined
  /** Whether pods get their role from this webhook. */
  readonly isIdentityWebhook: boolean
  /** The command that installs the repaired bundle. */
  readonly fixCommand: string | undefined
  /** The command to run after that. */
  readonly thenCommand: string | undefined
}

/** A bundle's report as human-readable text: the state, its effect, the certificates and the fix. */
export function bundleTextOf(report: BundleReport, context: BundleContext, style: Style): string {
  const { certificates, expected = [], served, state, verdict, repaired } = report
  const isVerbose = style.verbosity === 'verbose'
  const isQuiet = style.verbosity === 'quiet'
  const line = (label: string, text: string): string[] => lineOf(label, text, style)
  const readable =
    certificates.length > 0 || state === 'absent' || isEmpty(report)
      ? []
      : line('in the bundle', 'no certificate that the API server can read')
  const blocks = [
    [
      headline(report, context, style),
      ...line('because', report.because ?? ''),
      ...(isQuiet ? [] : line('effect', effectOf(report, context)))
    ],
    isQuiet
      ? []
      : [
          ...readable,
          ...certificateTable(certificates, expected, expectedLabel(report), style),
          ...(verdict?.of === 'api-server'
            ? line(
                'compared with',
                'what the API server serves: one cluster CA signs the certificates of both the API server and the webhook alongside it'
              )
            : []),
          ...(verdict?.accepted === false ? line('Go says', verdict.go ?? '') : []),
          ...(verdict?.accepted === false ? line('that is', verdict.reason ?? '') : []),
          ...line('CA source', report.source ?? ''),
          ...line('rotation', report.rotation ?? ''),
          ...line('confirmed', confirmedText(report)),
          ...line('warning', report.doubt !== undefined && report.state !== 'unknown' ? report.doubt : '')
        ],
    [
      ...report.faults
        .filter(({ severity }) => !isQuiet || severity === 'error')
        .flatMap(({ severity, message, fix }) => [...line(severity, message), ...line('fix', fix)]),
      ...(isQuiet ? [] : policyLines(report, style))
    ],
    isQuiet || repaired === undefined ? [] : commandLines(report, context, style),
    isVerbose
      ? [
          `  certificates the API server can read (${certificates.length}):`,
          ...certificates.flatMap(certificateLines),
          ...(served.length === 0
            ? []
            : [
                `  certificates that the ${verdict?.of === 'api-server' ? 'API server' : 'server'} presents (${served.length}):`,
                ...served.flatMap(certificateLines)
              ])
        ]
      : certificates.length + served.length > 0 && !isQuiet
        ? [paint('  fingerprints and whole chains: -v', 'dim', style)]
        : []
  ]

  return `${blocks
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/** The result in one line, with a mark. */
function headline(report: BundleReport, { name }: BundleContext, style: Style): string {
  const answer = escapeText(answerOf(report, name === undefined ? 'the bundle' : `webhook ${name}`))

  return labelled(
    `${markOf(markFor(report), style)} ${wordFor(report)}`,
    answer,
    indentOf(textColumn, style),
    style
  ).join('\n')
}

function markFor({ state, verdict, good, faults, policy, doubt }: BundleReport): Mark {
  if (state === 'unknown' && verdict?.accepted !== false) return 'unknown'
  if (!good) return 'wrong'

  return faults.length > 0 || policy !== undefined || doubt !== undefined ? 'warning' : 'ok'
}

/**
 * The state in one word: usually the result of the comparison with the expected CAs, but `rejected` if only
 * the served certificate shows a problem.
 */
function wordFor(report: BundleReport): string {
  const { state, verdict, good } = report
  if (isEmpty(report)) return 'empty'
  if (isRejectedOnly(report)) return 'rejected'
  if (state !== undefined) return state === 'unknown' ? 'undetermined' : state
  if (verdict !== undefined) return 'accepted'

  return good ? 'readable' : 'unusable'
}

/** Whether the served certificate is rejected, although nothing is known to be wrong with the CAs. */
const isRejectedOnly = ({ state, verdict }: BundleReport): boolean =>
  verdict?.accepted === false &&
  (state === undefined || state === 'ok' || state === 'incomplete' || state === 'unknown')

const textColumn = 18

function answerOf(report: BundleReport, name: string): string {
  const { state, verdict, good } = report
  if (isEmpty(report)) return `${name} is empty, so the API server trusts only the root CAs of its own system`
  if (verdict?.accepted === true && verdict.of === undefined && good)
    return `${name}: the API server will connect to ${verdict.host}`
  if (verdict?.accepted === false && verdict.of === undefined)
    return `${name}: the API server will not connect to ${verdict.host}`
  if (isRejectedOnly(report)) return `${name} does not contain the CA that signs now`
  const answers: Readonly<Record<NonNullable<typeof state>, string>> = {
    ok: `${name} trusts the expected CA`,
    incomplete: `${name} does not trust every current CA yet`,
    stale: `${name} trusts a CA that was correct until recently`,
    foreign: `${name} trusts a different CA than the expected one`,
    unusable: `the API server cannot use ${name === 'the bundle' ? name : `the bundle of ${name}`}`,
    absent: `${name} has no bundle`,
    unknown: `${name}: the expected CA is not certain`
  }
  if (state !== undefined) return answers[state]

  return good ? `${name}: the API server can read it` : `${name}: the API server cannot use it`
}

/** The effect of a bundle's state. Empty if calls work, or if it is not known whether they do. */
function effectOf(
  { state, verdict }: BundleReport,
  { failurePolicy, isIdentityWebhook, name }: BundleContext
): string {
  if (state === 'incomplete' && verdict?.accepted !== false)
    return 'calls work until the missing CA signs the certificate of the webhook'
  const isRejected = verdict?.accepted === false || state === 'unusable' || state === 'foreign'
  if (!isRejected) return ''
  if (name === undefined) return 'the API server cannot call the webhook'
  const call = 'the API server cannot call it'
  if (failurePolicy === 'Fail')
    return `${call}, and failurePolicy is Fail: every request that it matches is denied`
  if (failurePolicy !== 'Ignore') return call

  return isIdentityWebhook
    ? `${call}, and failurePolicy is Ignore: every pod created now starts WITHOUT its AWS role, and no error shows this`
    : `${call}, and failurePolicy is Ignore: requests pass without the webhook, and no error shows this`
}

/** Where the expected CAs in the table come from. */
const expectedLabel = ({ source, confirmedAt }: BundleReport): string =>
  source !== undefined ? 'the injector' : confirmedAt !== undefined ? 'WebhookTrust' : 'this cluster'

const confirmedText = ({ confirmedAt }: BundleReport): string =>
  confirmedAt === undefined ? '' : `expected CA from WebhookTrust "cluster", confirmed at ${confirmedAt}`

/** An empty bundle that was not compared with anything. It has no faults. */
const isEmpty = ({ faults, state, verdict, certificates }: BundleReport): boolean =>
  certificates.length === 0 && faults.length === 0 && state === undefined && verdict === undefined

function policyLines({ policy, repaired }: BundleReport, style: Style): string[] {
  if (policy === undefined) return []

  return [
    ...lineOf(
      'policy',
      `irsa-guard's caBundle policy ${policy.action === 'denies' ? 'denies' : 'warns about'} writing this bundle to a guarded webhook: ${policy.because}`,
      style
    ),
    ...(repaired === undefined ? [] : lineOf('fix', 'write the bundle that --fix prints', style))
  ]
}

/**
 * The commands to run; the second one only if the bundle's state has an effect. Each command stays on one
 * line, so that it can be copied.
 */
function commandLines(report: BundleReport, context: BundleContext, style: Style): string[] {
  const { fixCommand, thenCommand } = context
  const rows = [
    ['fix it', fixCommand],
    ['then', effectOf(report, context) === '' ? undefined : thenCommand]
  ].flatMap(([label = '', command]) => (command === undefined ? [] : [{ label, command }]))
  const isWide = rows.some(({ command }) => textColumn + command.length > (style.width ?? Infinity))

  return rows.flatMap(({ label, command }) =>
    isWide ? [`  ${label}`, `    ${command}`] : [`  ${label.padEnd(textColumn - 2)}${command}`]
  )
}

/** A label and its text; no lines if the text is empty. */
const lineOf = (label: string, text: string, style: Style): string[] =>
  text === '' ? [] : labelled(`  ${label}`, escapeText(text), indentOf(textColumn, style), style)
