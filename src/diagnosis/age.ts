const units = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60]
] as const

/** A duration in its largest whole unit, as in `3 h`. */
export function durationOf(seconds: number): string {
  for (const [unit, length] of units) if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`

  return `${Math.max(0, Math.floor(seconds))} s`
}

/** How long ago something happened. */
export const ageOf = (from: Date, to: Date): string => durationOf((to.getTime() - from.getTime()) / 1000)
