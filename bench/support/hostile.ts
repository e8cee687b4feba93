import type { Comparison } from './row.ts'
import { medianOf } from './statistics.ts'
import { microsecondsOf } from './time.ts'

const limitMilliseconds = 250

/**
 * Runs each hostile input once per round and compares the slowest input with the time limit for one input.
 */
export async function slowest<Input>(
  name: string,
  inputs: Readonly<Record<string, Input>>,
  judge: (input: Input) => unknown,
  rounds: number
): Promise<Comparison> {
  const medians = Object.entries(inputs).map(([label, input]) => {
    const times = Array.from({ length: rounds }, () => microsecondsOf(() => judge(input), 1) / 1000)
    return { label, times, median: medianOf(times) }
  })
  const worst = medians.reduce((before, next) => (next.median > before.median ? next : before))

  return {
    what: `${name}: the slowest of ${medians.length} hostile inputs / ${limitMilliseconds} ms`,
    ratios: worst.times.map((time) => time / limitMilliseconds),
    budget: 1,
    absolute: `${worst.label} ${worst.median.toFixed(1)} ms`
  }
}
