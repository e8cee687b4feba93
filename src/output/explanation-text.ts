import type { ExplainedText, Explanation, LikelyCause } from '../explain/explain.js'
import type { Values } from '../explain/values.js'
import { escapeText } from '../text/escape.js'
import { type Format, jsonOf } from './formats.js'
import { commandBelow, paint, type Style, wrapped } from './style.js'

/** How an explanation is printed, by format. */
export const explanationFormats = {
  text: explanationTextOf,
  json: (explanation) => jsonOf({ apiVersion: 'irsa-guard.io/v1', kind: 'Explanation', ...explanation })
} satisfies Record<Format, (explanation: Explanation, style: Style) => string>

/**
 * An explanation as human-readable text: what each known error means, its causes, and how to tell them apart.
 */
function explanationTextOf({ texts, values }: Explanation, style: Style): string {
  const blocks = texts.map((text, index) => textBlock(text, index === 0 ? values : {}, style))
  const rule = texts.flatMap(({ causes }) => causes).find((cause) => cause.rule !== undefined)?.rule
  const closing =
    rule === undefined ? [] : commandBelow('more about a rule:', `irsa-guard explain ${rule}`, '', style)

  return `${[...blocks, ...(closing.length === 0 ? [] : [closing.join('\n')])].join('\n\n')}\n`
}

function textBlock(text: ExplainedText, values: Values, style: Style): string {
  const { means, chain, printedBy, source, causes } = text
  const facts: readonly (readonly [string, string])[] = [
    ['printed by', printedBy],
    ...(chain === 'both' ? [] : ([['concerns', chainNames[chain]]] as const)),
    ...valueLines(values),
    ...(style.verbosity === 'verbose' ? ([['source', source]] as const) : [])
  ]

  return [
    ...wrapped(means, '', style).map((line) => paint(line, 'bold', style)),
    ...facts.flatMap(([label, value]) =>
      wrapped(`${label.padEnd(15)} ${escapeText(value)}`, '  ', style, margin)
    ),
    '',
    `  likely causes${causes.length > 1 ? ', most likely first' : ''}`,
    ...causes.flatMap((cause, index) => causeLines(cause, index, causes, style)),
    '',
    '  find out which',
    ...commandLines(causes, style)
  ].join('\n')
}

/** The commands, each with the numbers of the causes that it tells apart. The numbers are above the command if there is no room next to it. */
function commandLines(causes: readonly LikelyCause[], style: Style): string[] {
  const commands = [...Map.groupBy(causes, ({ command }) => command)].map(([command, answered]) => ({
    command,
    numbers: `# ${numbersOf(answered, causes)}`
  }))
  if (commands.length === 1) return commands.map(({ command }) => `    ${command}`)
  const longest = Math.max(...commands.map(({ command }) => command.length))
  const isWide = commands.some(({ numbers }) => longest + numbers.length + 6 > (style.width ?? Infinity))

  return commands.flatMap(({ command, numbers }) =>
    isWide
      ? [`    ${paint(numbers, 'dim', style)}`, `    ${command}`]
      : [`    ${command.padEnd(longest)}  ${paint(numbers, 'dim', style)}`]
  )
}

const chainNames = { irsa: 'IRSA', 'pod-identity': 'EKS Pod Identity' } as const
const margin = ' '.repeat(18)

const valueLines = ({ serviceAccount, instance, ...values }: Values): (readonly [string, string])[] => [
  ...(serviceAccount === undefined
    ? []
    : ([['service account', `${serviceAccount.namespace}/${serviceAccount.name}`]] as const)),
  ...Object.entries(valueLabels).flatMap(([key, label]) => {
    const value = values[key as keyof typeof valueLabels] // Object.entries loses the type of the keys

    return value === undefined
      ? []
      : ([
          [
            label,
            key === 'caller' && instance !== undefined ? `${value}, the role of node ${instance}` : value
          ]
        ] as const)
  })
]

const valueLabels = {
  role: 'role',
  caller: 'called as',
  action: 'action',
  resource: 'resource',
  issuer: 'issuer',
  clusterArn: 'cluster',
  webhook: 'webhook',
  requestId: 'request'
} as const satisfies Partial<Record<keyof Values, string>>

/** A cause: its number, its rule and the reason. In a narrow terminal, the reason is below the rule. */
function causeLines(
  { rule, why }: LikelyCause,
  index: number,
  causes: readonly LikelyCause[],
  style: Style
): string[] {
  const column = Math.max(...causes.map((cause) => (cause.rule ?? '').length))
  const number = `${index + 1}`.padStart(5)
  const isNarrow = style.width !== undefined && style.width < column + 70

  return rule === undefined
    ? wrapped(why, `${number}  `, style, '       ')
    : isNarrow
      ? [`${number}  ${rule}`, ...wrapped(why, '       ', style)]
      : wrapped(why, `${number}  ${rule.padEnd(column)}  `, style, ' '.repeat(column + 9))
}

/** The numbers of causes, as in "1–4, 6". */
function numbersOf(some: readonly LikelyCause[], causes: readonly LikelyCause[]): string {
  const numbers = some.map((cause) => causes.indexOf(cause) + 1)
  const ranges: [number, number][] = []
  for (const number of numbers) {
    const last = ranges.at(-1)
    if (last?.[1] === number - 1) last[1] = number
    else ranges.push([number, number])
  }

  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
}
