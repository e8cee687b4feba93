import { closestTo } from '../text/closest.js'
import { endOfDay } from '../text/day.js'
import { quote } from '../text/escape.js'

/** A waiver that is in effect: the reason that its author gave, and its last day (UTC) if it expires. */
interface Effective {
  readonly reason: string
  readonly until?: string
}

/** A waiver that is in effect, or the name of a waiver and the reason why it is not in effect. */
export type Waiver = Effective | { readonly waiver: string; readonly lapsed: string }

const prefix = 'ignore.irsa-guard.io/'

/**
 * Parses an object's waiver of a rule: `ignore.irsa-guard.io/<rule-id>: "reason"` or
 * `"until 2027-01-31: reason"` (through that day, UTC). Returns undefined if there is none. If an annotation
 * is probably meant as this waiver but is not in effect, the result says why. `outside` returns the reason if
 * a valid waiver exceeds the limits that the configuration sets. Never throws.
 */
export function parseWaiver(
  annotations: Readonly<Record<string, unknown>>,
  rule: string,
  at: Date,
  outside: (waiver: { until: string | undefined }) => string | undefined = () => undefined
): Waiver | undefined {
  const annotation = `${prefix}${rule}`
  const value = annotations[annotation]
  if (value === undefined) {
    const misspelt = Object.keys(annotations).find(
      (key) => key.startsWith(prefix) && closestTo(key.slice(prefix.length), [rule])
    )
    return misspelt === undefined
      ? undefined
      : { waiver: `waiver ${misspelt}`, lapsed: `there is no such rule; write ${annotation}` }
  }
  const waiver = `waiver ${annotation}`
  const read = parseValue(value, at)
  if (!('reason' in read)) return { waiver, ...read }
  const lapsed = outside({ until: read.until })

  return lapsed === undefined ? read : { waiver, lapsed }
}

function parseValue(value: unknown, at: Date): Effective | { readonly lapsed: string } {
  if (typeof value !== 'string' || value.trim() === '') return { lapsed: `it gives no reason; ${form}` }

  const text = value.trim()
  const until = /^until\b([^:]*)(?::([\s\S]*))?$/i.exec(text)
  if (isSwitch(text)) return { lapsed: `${quote(text)} is not a reason; ${form}` }
  if (until === null)
    return isMeantUntil(text)
      ? { lapsed: `it starts with a date but lacks "until"; ${form}` }
      : { reason: text }

  const [, written = '', reason = ''] = until
  const day = written.trim()
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day))
    return { lapsed: `"until" needs a date and a colon after it; ${form}` }
  const end = endOfDay(day)
  if (end === undefined) return { lapsed: `${day} is not a valid date; ${form}` }
  if (at > end) return { lapsed: expiredAfter(day) }

  return reason.trim() === ''
    ? { lapsed: `it gives no reason; ${form}` }
    : { reason: reason.trim(), until: day }
}

/** Whether a value only switches the waiver on or off and gives no reason. */
const isSwitch = (text: string): boolean =>
  /^(?:true|false|yes|no|on|off|enabled?|disabled?|[01])$/i.test(text)

export const expiredAfter = (day: string): string => `it expired at the end of ${day} (UTC)`

/**
 * Whether a value such as `2027-01-31: reason` or `unitl 2027-01-31: reason` is probably meant to expire.
 * Such a waiver must not stay in effect forever.
 */
function isMeantUntil(text: string): boolean {
  const word = /^([a-z]*)\s*\d{4}-\d{2}-\d{2}\s*:/i.exec(text)?.[1]?.toLowerCase()

  return word === '' || (word !== undefined && (word === 'till' || closestTo(word, ['until']) !== undefined))
}

const form = 'expected "reason" or "until 2027-01-31: reason"'
