import { recordOf } from '../text/record.js'

/** A service account, or that there is none of that name. */
export type AccountLookup =
  | { readonly exists: false }
  | { readonly exists: true; readonly annotations: Readonly<Record<string, unknown>> }

/**
 * Most accounts of a cluster ask for nothing; they share this one answer, so that 100,000 of them cost little
 * more than their names.
 */
const unannotated: AccountLookup = { exists: true, annotations: {} }

// What an identity webhook takes from an account, whatever its prefix is, and our own. A role's ARN has at
// most 674 characters (account 12, path 512, name 64 and what is around them), so that anything much longer
// is none and need not be remembered.
const wanted = /\/(?:role-arn|audience)$|^(?:.+\.)?irsa-guard\.io\//
const longest = 2048

/**
 * Keeps of a service account (its metadata is enough) what pods are judged by. Never throws, whatever its
 * shape.
 */
export function accountOf(object: unknown): AccountLookup {
  const kept = Object.entries(recordOf(recordOf(recordOf(object)['metadata'])['annotations'])).filter(
    ([key, value]) => typeof value === 'string' && value.length <= longest && wanted.test(key)
  )

  return kept.length === 0 ? unannotated : { exists: true, annotations: Object.fromEntries(kept) }
}
