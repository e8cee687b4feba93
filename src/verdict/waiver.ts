/**
 * The reason of a waiver `ignore.irsa-guard.io/<rule-id>: "reason"` or `"until 2027-01-31: reason"` that holds at a time.
 * A waiver without a reason is none, and an expired one (after the end of its day, UTC) neither.
 */
export function readWaiver(annotations: Readonly<Record<string, unknown>>, rule: string, at: Date): string | undefined {
  const value = annotations[`ignore.irsa-guard.io/${rule}`]
  if (typeof value !== 'string') return

  const until = /^until\b\s*([^:]*):?([\s\S]*)$/.exec(value.trim())
  const reason = (until?.[2] ?? value).trim()
  if (reason === '') return
  if (until === null) return reason

  const day = /^(\d{4}-\d{2}-\d{2})$/.exec((until[1] ?? '').trim())?.[1]
  const end = day === undefined ? NaN : Date.parse(`${day}T23:59:59.999Z`)

  return at.getTime() <= end ? reason : undefined
}
