import type { Diagnosis, Step, StepState } from '../diagnosis/diagnosis.js'
import { escapeText } from '../text/escape.js'
import { type Format, jsonOf } from './formats.js'
import { indentOf, labelled, type Mark, markOf, paint, type Style, wrapped } from './style.js'

/** How a diagnosis is printed, by format. */
export const diagnosisFormats = {
  text: diagnosisTextOf,
  json: jsonOf
} satisfies Record<Format, (diagnosis: Diagnosis, style: Style) => string>

/** 1 if a step is wrong; 2 if no step could be judged; otherwise 0. */
export function diagnosisExitCode({ first, steps }: Pick<Diagnosis, 'first' | 'steps'>): 0 | 1 | 2 {
  if (first !== undefined) return 1

  return steps.some(({ state }) => state === 'ok') ? 0 : 2
}

const marks: Readonly<Record<StepState, Mark>> = {
  ok: 'ok',
  wrong: 'wrong',
  follows: 'follows',
  unknown: 'unknown'
}

/**
 * A diagnosis as human-readable text: the pod's identity, the chain step by step, and the commands that fix
 * it.
 */
function diagnosisTextOf(diagnosis: Diagnosis, style: Style): string {
  const { headline, chain, because, steps } = diagnosis
  const isQuiet = style.verbosity === 'quiet'
  const width = Math.max(...steps.map(({ step }) => step.length)) + 2
  const shown = isQuiet ? steps.filter(({ state }) => state === 'wrong') : steps
  const blocks = [
    [
      ...wrapped(escapeText(headline), '', style).map((line) => paint(line, 'bold', style)),
      ...(isQuiet ? [] : wrapped(escapeText(`chain: ${chain}, because ${because}`), '', style))
    ],
    shown.flatMap((step) => stepLines(step, width, style)),
    fixLines(diagnosis)
  ]

  return `${blocks
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function stepLines(
  { step, state, message, because, fix, rule, notes = [] }: Step,
  width: number,
  style: Style
): string[] {
  const indent = indentOf(width + 4, style)
  const reason =
    because === undefined
      ? ''
      : state === 'follows'
        ? `  (follows from the step ${shownName(because)})`
        : `: ${because}`
  const label = `  ${markOf(marks[state], style)} ${shownName(step)}`
  const [line = '', ...rest] = labelled(label, escapeText(`${message}${reason}`), indent, style)

  return [
    state === 'follows' ? paint(line, 'dim', style) : line,
    ...rest,
    ...(fix !== undefined && state !== 'ok'
      ? wrapped(`fix: ${escapeText(fix)}`, indent, style, `${indent}     `)
      : []),
    ...(rule !== undefined && state === 'wrong'
      ? [`${indent}${paint(`more: irsa-guard explain ${rule}`, 'dim', style)}`]
      : []),
    ...shownNotes(notes, style).flatMap((note) =>
      wrapped(`${markOf('warning', style)} ${escapeText(note)}`, indent, style, `${indent}  `)
    )
  ]
}

/** The remarks on a step: only the first one, unless everything is shown. */
function shownNotes(notes: readonly string[], { verbosity }: Style): readonly string[] {
  const [first, ...others] = notes
  if (first === undefined || others.length === 0 || verbosity === 'verbose') return notes

  return [`${first} (and ${others.length} more; -v shows them)`]
}

const shownName = (step: string): string => step.replaceAll('-', ' ')

/** The commands; they are never wrapped, so that they can be pasted. */
function fixLines({ fix, steps }: Diagnosis): string[] {
  if (fix.length === 0) return []
  const wrong = steps.filter(({ state }) => state === 'wrong').length
  const isRest = steps.every(({ state, step }) => state !== 'unknown' || step === 'permission')
  const title =
    wrong === 1 && isRest
      ? 'Fix this; everything else is right:'
      : wrong === 1
        ? 'Fix this first:'
        : 'Fix it, in this order:'

  return [title, ...fix.map((command) => `  ${escapeText(command)}`)]
}
