import { GuardError } from '../../model/guard-error.js'
import { quote } from '../../text/escape.js'

/**
 * The time in the value of an option, as in RFC 3339, except that the seconds can be omitted. Throws ERR_USAGE.
 */
export function timeGiven(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(text)
    ? new Date(text)
    : undefined
  if (time !== undefined && !Number.isNaN(time.getTime())) return time

  throw new GuardError(
    'ERR_USAGE',
    `${option} is ${quote(text)}; expected a time with a time zone, such as 2026-11-26T11:43Z`
  )
}
