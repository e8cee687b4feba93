import { matchesPattern, parsePattern } from '../text/glob.js'
import { isRecord, valuesIn } from '../text/record.js'

interface Account {
  readonly namespace: string
  readonly serviceAccount: string
}

/**
 * Whether a trust policy names a service account of a namespace: the value of a `:sub` key, or any other string
 * in the form of a subject. Patterns that match the namespace count, and so do misspelled subjects that consist
 * of the names of the service account. `value` is the parsed document, in whatever form.
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

/** Whether a condition key is about the subject of a token. Every value below it can name a service account. */
export const isSubjectKey = (key: string): boolean => /:sub\s*$/i.test(key)

/**
 * Whether a subject or a pattern refers to a namespace, or consists only of the names of a service account in a
 * different form.
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
