/** What became of a waiver: the reason that its author gave, or why it does not hold. */
export type Waiver = { readonly reason: string } | { readonly lapsed: string }

/**
 * Reads the waiver `ignore.irsa-guard.io/<rule-id>: "reason"` or `"until 2027-01-31: reason"` (to the end of that day, UTC) of an object;
 * undefined when there is none. Never throws.
 */
export function readWaiver(annotations: Readonly<Record<string, unknown>>, rule: string, at: Date): Waiver | undefined {
  const value = annotations[`ignore.irsa-guard.io/${rule}`]
  if (value === undefined) return
  if (typeof value !== 'string' || value.trim() === '') return { lapsed: `it gives no reason; ${form}` }

  const until = /^until\b\s*([^:]*)(?::([\s\S]*))?$/i.exec(value.trim())
  if (until === null) return { reason: value.trim() }

  const [, written = '', reason = ''] = until
  const day = written.trim()
  const end = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T23:59:59.999Z`) : NaN
  if (Number.isNaN(end)) return { lapsed: `"until" needs a day and a colon after it; ${form}` }
  if (at.getTime() > end) return { lapsed: `it expired at the end of ${day} (UTC)` }

  return reason.trim() === '' ? { lapsed: `it gives no reason; ${form}` } : { reason: reason.trim() }
}

const form = 'expected "reason" or "until 2027-01-31: reason"'
