import { matchesPattern, parsePattern } from '../text/glob.js'
import { isRecord, valuesIn } from '../text/record.js'

interface Account {
  readonly namespace: string
  readonly serviceAccount: string
}

/**
 * Whether a trust policy names a service account of a namespace, in the value of a `:sub` key or in any other
 * string that has the form of a subject. A pattern that matches the namespace also counts as naming it. So does a
 * misspelled subject made up of the service account's namespace and name. `value` is the parsed document, which may be malformed.
 */
export function namesNamespace(value: unknown, account: Account): boolean {
  for (const part of valuesIn(value)) {
    if (typeof part === 'string' && isSubjectIn(part, account.namespace)) return true
    if (!isRecord(part)) continue
    for (const [key, wanted] of Object.entries(part))
      if (isSubjectKey(key))
        for (const text of valuesIn(wanted))
          if (typeof text === 'string' && isNamedBy(text, account)) return true
  }

  return false
}

/** Whether a condition key is about the subject of a token, so that each of its values can name a service account. */
export const isSubjectKey = (key: string): boolean => /:sub\s*$/i.test(key)

/**
 * Whether a subject or a pattern refers to a namespace, or consists only of the service account's namespace and
 * name in a different form.
 */
export function isNamedBy(value: string, { namespace, serviceAccount }: Account): boolean {
  if (isSubjectIn(value, namespace)) return true

  const ours = new Set(['system', 'serviceaccount', 'serviceaccounts', namespace, serviceAccount, '*', ''])
  return value
    .toLowerCase()
    .split(/[:/\s]/)
    .every((word) => ours.has(word))
}

function isSubjectIn(value: string, namespace: string): boolean {
  const [, of] = /^system:serviceaccount:([^:]*):[^:]*$/i.exec(value.trim()) ?? []

  return of !== undefined && matchesPattern(parsePattern(of.toLowerCase()), namespace)
}
