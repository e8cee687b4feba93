import type { Comparison } from './row.ts'
import { medianOf } from './statistics.ts'

// A shared machine is noisy: a ratio above its budget is marked, but only a ratio above ten times its budget
// is a failure.
const failureFactor = 10

/** The median of the rounds, which is compared with the budget. */
const ratioOf = ({ ratios }: Comparison): number => medianOf(ratios)

/**
 * Whether a comparison is so far above its budget that noise cannot explain it, or could not be measured at
 * all.
 */
export function isFailure(comparison: Comparison): boolean {
  return comparison.budget !== undefined && !(ratioOf(comparison) <= failureFactor * comparison.budget)
}

/** Formats the comparisons as a text table. */
export function tableOf(comparisons: readonly Comparison[]): string {
  const header = ['what is compared', 'ratio', 'spread', 'budget', '', 'absolute']
  const lines = comparisons.map((comparison) => [
    comparison.what,
    short(ratioOf(comparison)),
    `${short(Math.min(...comparison.ratios))}–${short(Math.max(...comparison.ratios))}`,
    comparison.budget === undefined ? '–' : String(comparison.budget),
    judgementOf(comparison),
    comparison.absolute
  ])
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0))
  )

  return [header, ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}

function judgementOf(comparison: Comparison): string {
  if (comparison.budget === undefined) return ''
  if (isFailure(comparison)) return `more than ${failureFactor} × the budget`

  return ratioOf(comparison) <= comparison.budget ? 'ok' : 'above budget'
}

const short = (ratio: number): string => ratio.toPrecision(3)
