import type { AccountPlan, MigrationPlan, MigrationStep, Reason } from '../migration/migration-plan.js'
import { parseClusterArn } from '../model/cluster-arn.js'
import { escapeText, shortList } from '../text/escape.js'
import { type Format, jsonOf } from './formats.js'
import { patchOf } from './policy-text.js'
import { type Mark, markOf, paint, type Style } from './style.js'

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

/** A plan for people: the counts, then the steps of each service account with their commands. */
function migrationTextOf({ cluster, steps, notes, accounts }: MigrationPlan, style: Style): string {
  const name = parseClusterArn(cluster)?.name ?? cluster
  if (accounts.length === 0) return `no matching service account in cluster ${name} has a role annotation\n`

  const counts = Object.entries(states).map(
    ([state, shown]) => `${countOf(accounts, state as State)} ${shown}` // the keys are states
  )
  const isQuiet = style.verbosity === 'quiet'
  const plural = accounts.length === 1 ? '' : 's'
  const blocks = [
    [escapeText(`${accounts.length} service account${plural} in cluster ${name}: ${counts.join(', ')}`)],
    steps.length === 0 || isQuiet
      ? []
      : [
          'Once for the cluster:',
          ...steps.flatMap(stepLines).map((line) => inColor(escapeText(line), style))
        ],
    ...withoutRepeats(accounts)
      .filter(({ state }) => !isQuiet || state === 'cannot-move')
      .map((account) => accountText(account, style)),
    notes.length === 0 || isQuiet ? [] : ['Notes:', ...notes.map((note) => `  - ${escapeText(note)}`)]
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

/** The lines of an account, its name with a mark. */
function accountText(account: AccountPlan, style: Style): string[] {
  const [head = '', ...rest] = accountLines(account).map(escapeText)

  return [`${markOf(marks[account.state], style)} ${head}`, ...rest.map((line) => inColor(line, style))]
}

/** The changed lines of a trust policy in color. */
const inColor = (line: string, style: Style): string =>
  /^ {5}\+(?!\+\+ )/.test(line)
    ? paint(line, 'green', style)
    : /^ {5}-(?!-- )/.test(line)
      ? paint(line, 'red', style)
      : line

/** The plans, in which only the first of several steps with the same trust policy shows what it changes. */
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

const accountLines = ({
  namespace,
  name,
  role,
  state,
  because,
  steps,
  notes
}: AccountPlan): readonly string[] => [
  `${namespace === '' ? '' : `${namespace}/`}${name}: ${states[state]}${role === '' ? '' : ` (role ${role})`}`,
  ...because.flatMap(reasonLines),
  ...steps.flatMap(stepLines),
  ...notes.map((note) => `  note: ${note}`)
]

function reasonLines({ rule, message, fix, objects = [] }: Reason): string[] {
  const where = objects.length === 0 ? '' : `${shortList(objects)}: `

  return [
    `  ${where}${rule === undefined ? '' : `${rule}: `}${message}`,
    ...(fix === undefined ? [] : [`    fix: ${fix}`])
  ]
}

function stepLines(
  { message, commands, before, document, manifest }: MigrationStep,
  index: number
): string[] {
  const patch = before === undefined || document === undefined ? [] : patchOf(before, document)
  const body = [...patch, ...(manifest?.split('\n') ?? []), ...commands]

  return [`  ${index + 1}. ${message}`, ...body.map((line) => `     ${line}`)]
}
