/**
 * Parses a UTCTime as Go does: seconds are optional, a nonzero offset can replace Z, and the years 50 to
 * 99 mean 1950 to 1999. Returns milliseconds since 1970, or undefined.
 */
export function parseUtcTime(text: string): number | undefined {
  const parts = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{4})$/.exec(text)
  if (parts === null) return undefined

  const year = Number(parts[1])

  return momentOf(year >= 50 ? 1900 + year : 2000 + year, parts)
}

/** Parses a GeneralizedTime as Go does: a four-digit year, seconds, Z or an offset, and no fractions. */
export function parseGeneralizedTime(text: string): number | undefined {
  const parts = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(Z|[+-]\d{4})$/.exec(text)

  return parts === null ? undefined : momentOf(Number(parts[1]), parts)
}

function momentOf(
  year: number,
  [, , month, day, hour, minute, second = '0', zone = 'Z']: readonly (string | undefined)[]
): number | undefined {
  const date = new Date(0)
  date.setUTCFullYear(year, Number(month) - 1, Number(day))
  date.setUTCHours(Number(hour), Number(minute), Number(second))
  const isReal =
    date.getUTCMonth() === Number(month) - 1 &&
    date.getUTCDate() === Number(day) &&
    date.getUTCHours() === Number(hour) &&
    Number(minute) < 60 &&
    Number(second) < 60
  const offset =
    zone === 'Z'
      ? 0
      : (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3)))
  // Go accepts offsets of up to 24 hours. It formats the parsed time again and compares the strings, so it
  // rejects the offset +0000, and offsets with 60 or more minutes.
  if (
    !isReal ||
    (zone !== 'Z' && (offset === 0 || Number(zone.slice(1, 3)) > 24 || Number(zone.slice(3)) >= 60))
  )
    return undefined

  return date.getTime() - offset * 60_000
}

/** Formats a time as Go does (RFC 3339, whole seconds, UTC). */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds)

  return Number.isNaN(date.getTime()) ? 'an unknown time' : date.toISOString().replace(/\.\d{3}Z$/, 'Z')
}
