import { escapeText } from '../text/escape.js'
import { type Format, jsonOf } from './formats.js'
import { type Mark, markOf, type Style, wrapped } from './style.js'

/** How `wait` ended. */
export interface WaitReport {
  readonly subject: { readonly kind: string; readonly namespace: string; readonly name: string }
  /**
   * `absent`: pods do not get the identity. `unknown`: the last attempt could not show whether they do.
   * `interrupted`: the user stopped the command.
   */
  readonly state: 'ready' | 'absent' | 'unknown' | 'interrupted'
  readonly chain?: 'irsa' | 'pod-identity'
  /** The role, if the pod shows it. */
  readonly role?: string
  /** Why the identity is not there, or why it is unknown whether it is. */
  readonly because?: string
  /** The first wrong step of a diagnosis, and what is wrong. */
  readonly step?: string
  readonly cause?: string
  /** The number of dry runs. */
  readonly attempts: number
  readonly seconds: number
  /** Commands to run next. */
  readonly fix: readonly string[]
}

/** How the result of `wait` is printed, by format. */
export const waitFormats: Readonly<Record<Format, (report: WaitReport, style: Style) => string>> = {
  text: waitTextOf,
  json: (report) => jsonOf({ apiVersion: 'irsa-guard.io/v1', kind: 'Wait', ...report })
}

const marks = {
  ready: 'ok',
  absent: 'wrong',
  unknown: 'unknown',
  interrupted: 'unknown'
} as const satisfies Record<WaitReport['state'], Mark>

function waitTextOf(report: WaitReport, style: Style): string {
  const { subject, state, because, step, cause = '', seconds, fix } = report
  if (state === 'ready' && style.verbosity === 'quiet') return ''
  const name = `${subject.kind} ${subject.namespace}/${subject.name}`
  const headlines = {
    ready: `ready: new pods of ${name} get ${identityShown(report)}`,
    absent: `not ready after ${seconds} s: new pods of ${name} do not get their identity`,
    unknown: `unknown after ${seconds} s: no dry run shows whether new pods of ${name} get their identity`,
    interrupted: `interrupted after ${seconds} s: no dry run has shown that new pods of ${name} get their identity`
  } satisfies Record<WaitReport['state'], string>
  const said = (label: string, text: string): string[] =>
    wrapped(`${label.padEnd(9)}${escapeText(text)}`, '  ', style, ' '.repeat(11))

  return `${[
    ...wrapped(`${markOf(marks[state], style)} ${escapeText(headlines[state])}`, '', style, '  '),
    ...(because === undefined ? [] : said('dry run', because)),
    ...(step === undefined ? [] : said('cause', `${step.replaceAll('-', ' ')}: ${cause}`)),
    // A command stays on one line, so that it can be copied.
    ...fix.map((command) => `  next     ${escapeText(command)}`)
  ].join('\n')}\n`
}

const identityShown = ({ chain, role }: WaitReport): string =>
  chain === 'irsa'
    ? `${role === undefined ? 'a role' : `role ${role}`} (IRSA)`
    : 'the credentials of EKS Pod Identity'
