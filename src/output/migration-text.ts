import type { AccountPlan, MigrationPlan, MigrationStep, Reason } from '../migration/migration-plan.js'
import { parseClusterArn } from '../model/cluster-arn.js'
import { escapeText, shortList } from '../text/escape.js'
import { type Format, jsonOf } from './formats.js'
import { patchOf } from './policy-text.js'
import { counted, type Mark, markOf, paint, type Style, wrapped } from './style.js'

type State = AccountPlan['state']

const states: Readonly<Record<State, string>> = {
  'can-move': 'can move',
  'cannot-move': 'cannot move',
  moved: 'moved',
  unknown: 'unknown'
}

/** How a plan is printed, by format. */
export const migrationFormats: Readonly<Record<Format, (plan: MigrationPlan, style: Style) => string>> = {
  text: migrationTextOf,
  json: (plan) =>
    jsonOf({ apiVersion: 'irsa-guard.io/v1', kind: 'MigrationPlan', ...plan, summary: summaryOf(plan) })
}

const summaryOf = ({ accounts }: MigrationPlan): Record<string, number> => ({
  accounts: accounts.length,
  canMove: countOf(accounts, 'can-move'),
  cannotMove: countOf(accounts, 'cannot-move'),
  moved: countOf(accounts, 'moved'),
  unknown: countOf(accounts, 'unknown')
})

const countOf = (accounts: readonly AccountPlan[], state: State): number =>
  accounts.filter((account) => account.state === state).length

/** A plan as human-readable text: the counts, then the steps of each service account with their commands. */
function migrationTextOf({ cluster, steps, notes, accounts }: MigrationPlan, style: Style): string {
  const name = parseClusterArn(cluster)?.name ?? cluster
  if (accounts.length === 0)
    return `no matching service account in cluster ${escapeText(name)} has a role annotation\n`

  const counts = Object.entries(states).map(
    ([state, shown]) => `${countOf(accounts, state as State)} ${shown}` // the keys are states
  )
  const isQuiet = style.verbosity === 'quiet'
  const blocks = [
    paragraph(
      `${counted(accounts.length, 'service account')} in cluster ${name}: ${counts.join(', ')}`,
      '',
      style,
      '  '
    ),
    steps.length === 0 || isQuiet
      ? []
      : ['Once for the cluster:', ...steps.flatMap((step, index) => stepLines(step, index, style))],
    ...withoutRepeats(accounts)
      .filter(({ state }) => !isQuiet || state === 'cannot-move')
      .map((account) => accountText(account, style)),
    notes.length === 0 || isQuiet
      ? []
      : ['Notes:', ...notes.flatMap((note) => paragraph(note, '  - ', style))]
  ]

  return `${blocks
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

const marks: Readonly<Record<State, Mark>> = {
  'can-move': 'ok',
  'cannot-move': 'wrong',
  moved: 'follows',
  unknown: 'unknown'
}

/** The plans. If several steps set the same trust policy, only the first one shows what changes. */
function withoutRepeats(accounts: readonly AccountPlan[]): AccountPlan[] {
  const shown = new Set<object>()

  return accounts.map((account) => ({
    ...account,
    steps: account.steps.map((step) => {
      const isRepeated = step.document !== undefined && shown.has(step.document)
      if (step.document !== undefined) shown.add(step.document)

      return isRepeated ? { ...step, before: undefined } : step
    })
  }))
}

/** The plan of a service account: its name with a mark, the reasons, the steps and the notes. */
function accountText(
  { namespace, name, role, state, because, steps, notes }: AccountPlan,
  style: Style
): string[] {
  const account = `${namespace === '' ? '' : `${namespace}/`}${name}`
  const head = `${account}: ${states[state]}${role === '' ? '' : ` (role ${role})`}`

  return [
    ...paragraph(head, `${markOf(marks[state], style)} `, style, '  '),
    ...because.flatMap((reason) => reasonLines(reason, style)),
    ...steps.flatMap((step, index) => stepLines(step, index, style)),
    ...notes.flatMap((note) => paragraph(`note: ${note}`, '  ', style, '    '))
  ]
}

function reasonLines({ rule, message, fix, objects = [] }: Reason, style: Style): string[] {
  const where = objects.length === 0 ? '' : `${shortList(objects)}: `

  return [
    ...paragraph(`${where}${rule === undefined ? '' : `${rule}: `}${message}`, '  ', style, '    '),
    ...(fix === undefined ? [] : paragraph(`fix: ${fix}`, '    ', style, '         '))
  ]
}

const paragraph = (text: string, start: string, style: Style, rest = ' '.repeat(start.length)): string[] =>
  wrapped(escapeText(text), start, style, rest)

function stepLines(
  { message, commands, before, document, manifest }: MigrationStep,
  index: number,
  style: Style
): string[] {
  const patch = before === undefined || document === undefined ? [] : patchOf(before, document)
  const body = [...(manifest?.split('\n') ?? []), ...commands]

  return [
    ...paragraph(message, `  ${index + 1}. `, style, '     '),
    ...patch.map((line) => `     ${inColor(escapeText(line), style)}`),
    ...body.map((line) => escapeText(`     ${line}`))
  ]
}

/** A line of a patch, in color if it is added or removed; the patch's two header lines get no color. */
const inColor = (line: string, style: Style): string =>
  /^\+(?!\+\+ )/.test(line)
    ? paint(line, 'green', style)
    : /^-(?!-- )/.test(line)
      ? paint(line, 'red', style)
      : line
