/**
 * A duration as Go and kubectl write it (`30s`, `2m`, `1m30s`, `1500ms`), in milliseconds; undefined if the
 * string is not one. Numbers are integers. Runs in linear time.
 * https://pkg.go.dev/time#ParseDuration
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text)
  if (parts === null || text === '') return undefined
  const [, hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = parts

  return Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(milliseconds)
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60]
] as const

/** A duration in its largest whole unit, as in `3 h`. */
export function shownDuration(seconds: number): string {
  for (const [unit, length] of units) if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`

  return `${Math.max(0, Math.floor(seconds))} s`
}
