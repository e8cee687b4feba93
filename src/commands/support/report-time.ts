import { GuardError } from '../../model/guard-error.js'
import { quote } from '../../text/escape.js'

/**
 * The time at which a report says it was created: now, or `SOURCE_DATE_EPOCH`, so that two runs can produce the
 * same report. Throws ERR_USAGE if the variable is not a valid time.
 * https://reproducible-builds.org/specs/source-date-epoch/
 */
export function reportTime({ SOURCE_DATE_EPOCH: seconds }: NodeJS.ProcessEnv): Date {
  if (seconds === undefined || seconds === '') return new Date()
  const time = new Date(/^\d{1,11}$/.test(seconds) ? Number(seconds) * 1000 : NaN)
  if (!Number.isNaN(time.getTime())) return time

  throw new GuardError(
    'ERR_USAGE',
    `SOURCE_DATE_EPOCH is ${quote(seconds)}; expected the number of seconds since 1970-01-01T00:00Z`
  )
}
