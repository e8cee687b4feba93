/** The last millisecond of a day such as `2027-01-31` (UTC); undefined if there is no such day. */
export function endOfDay(day: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined
  const end = new Date(`${day}T23:59:59.999Z`)

  // Date parses 2027-02-30 as March 2.
  return Number.isNaN(end.getTime()) || end.toISOString().slice(0, 10) !== day ? undefined : end
}

/** A UTC time (RFC 3339) truncated to the minute, such as `2026-11-26T11:43Z`, as command-line options accept it. */
export const minuteOf = (time: string): string => `${time.slice(0, 16)}Z`
