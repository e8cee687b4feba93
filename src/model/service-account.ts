import { recordOf } from '../text/record.js'

/** A service account, or the fact that none with this name exists. */
export type AccountLookup =
  | { readonly exists: false }
  | { readonly exists: true; readonly annotations: Readonly<Record<string, unknown>> }

/**
 * Most service accounts in a cluster request no role. They share this one value, so that 100,000 of them need
 * little more memory than their names.
 */
const unannotated: AccountLookup = { exists: true, annotations: {} }

// The role and audience annotations under any prefix, and irsa-guard's own annotations. A role ARN has at
// most 613 characters (account ID 12, path 512, name 64 and the fixed parts), so a much longer value is not a
// role ARN and is not stored.
const wanted = /\/(?:role-arn|audience)$|^(?:.+\.)?irsa-guard\.io\//
const longest = 2048

/**
 * Extracts the parts of a service account that are needed to judge pods; its metadata is enough. Never
 * throws, even if the object is malformed.
 */
export function accountOf(object: unknown): AccountLookup {
  const kept = Object.entries(recordOf(recordOf(recordOf(object)['metadata'])['annotations'])).filter(
    ([key, value]) => typeof value === 'string' && value.length <= longest && wanted.test(key)
  )

  return kept.length === 0 ? unannotated : { exists: true, annotations: Object.fromEntries(kept) }
}
