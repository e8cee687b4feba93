import type { Diagnosis, Step, StepState } from '../diagnosis/diagnosis.js'
import { escapeText } from '../text/escape.js'
import { type Format, jsonOf } from './formats.js'

/** How a diagnosis is printed, by format. */
export const diagnosisFormats = {
  text: diagnosisTextOf,
  json: jsonOf
} satisfies Record<Format, (diagnosis: Diagnosis) => string>

const marks: Readonly<Record<StepState, string>> = { ok: '✓', wrong: '✗', follows: '·', unknown: '?' }

/** A diagnosis for people: as whom the pod runs, the chain step by step, and the commands that fix it. */
function diagnosisTextOf({ headline, chain, because, steps, fix, first }: Diagnosis): string {
  const width = Math.max(...steps.map(({ step }) => step.length))
  const lines = [
    headline,
    `chain: ${chain} (${because})`,
    '',
    ...steps.flatMap((step) => stepLines(step, width))
  ].map(escapeText)

  return `${[...lines, ...fixLines(first === undefined ? [] : fix)].join('\n')}\n`
}

function stepLines({ step, state, message, because, fix, notes = [] }: Step, width: number): string[] {
  const indent = ' '.repeat(width + 6)
  const reason =
    because === undefined ? '' : state === 'follows' ? ` (follows from ${because})` : ` (${because})`

  return [
    `  ${marks[state]} ${step.replaceAll('-', ' ').padEnd(width + 2)}${message}${reason}`,
    ...(fix !== undefined && state !== 'ok' ? [`${indent}fix: ${fix}`] : []),
    ...notes.map((note) => `${indent}! ${note}`)
  ]
}

/** Each line of a command is escaped by itself, because a here-document has several. */
const fixLines = (commands: readonly string[]): string[] =>
  commands.length === 0
    ? []
    : [
        '',
        'Fix it with:',
        ...commands.flatMap((command) => command.split('\n').map((line) => `  ${escapeText(line)}`))
      ]
