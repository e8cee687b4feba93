import { findDuplicateKey } from './duplicate-keys.js'

/** Why IAM would refuse to store a document, and the place of the defect. */
export interface Defect {
  readonly reason: string
  /** A path such as `Statement[0].Condition.StringEquals`; empty for the document as a whole. */
  readonly place: string
  readonly statement?: number | undefined
  /** How to correct it, as an instruction, if that is known. */
  readonly correction?: string
}

/**
 * The longest trust policy that IAM stores, not counting white space: 2,048 characters by default, and at
 * most 8,192 if the account has a higher quota.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const policyLength = { defaultQuota: 2048, maximum: 8192 } as const

/** A document that is valid JSON: its value, and its length as IAM counts it, without white space. */
export interface ParsedPolicy {
  readonly value: unknown
  readonly size: number
}

/**
 * Reads a policy document: an object, a JSON string, or a percent-encoded JSON string as GetRole returns it
 * (RFC 3986, decoded once). Without `encoding`, a string that begins with `%` is treated as percent-encoded,
 * because JSON never begins with `%`. Never throws.
 */
export function parsePolicyDocument(document: unknown, encoding?: 'json' | 'url'): ParsedPolicy | Defect {
  const text = typeof document === 'string' ? decodePolicy(document, encoding) : stringify(document)
  if (text === undefined) {
    return {
      reason:
        typeof document === 'string' ? 'it is not a percent-encoded string' : 'it cannot be written as JSON',
      place: ''
    }
  }
  // Checked first, so that an oversized document takes no time beyond this check.
  const size = lengthOf(text)
  if (size > policyLength.maximum) {
    return {
      reason: `it has ${size} characters, not counting white space; IAM stores at most ${policyLength.maximum}`,
      place: ''
    }
  }
  const value = parsePolicyJson(text)
  if (value === undefined) return { reason: 'it is not valid JSON', place: '' }

  // The IAM API's policyDocumentType allows only tabs, line breaks and Latin-1.
  const foreign = /[^\t\n\r -\u00ff]/u.exec(text)?.[0]
  if (foreign !== undefined)
    return {
      reason: `it contains ${JSON.stringify(foreign)}; IAM accepts only Latin-1 characters`,
      place: ''
    }

  const duplicate = findDuplicateKey(text)
  if (duplicate !== undefined) {
    const statement = /^Statement\[(\d+)\]/.exec(duplicate)?.[1]
    return {
      reason: 'duplicate key',
      place: duplicate,
      correction: `remove one of the two ${duplicate}`,
      ...(statement !== undefined && { statement: Number(statement) })
    }
  }

  return { value: value.parsed, size }
}

function lengthOf(text: string): number {
  let length = text.length
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 32 || code === 10 || code === 13 || code === 9) length--
  }
  return length
}

/**
 * The JSON in a string that may be percent-encoded, as in `parsePolicyDocument`; undefined if the encoding is
 * invalid.
 */
export function decodePolicy(text: string, encoding?: 'json' | 'url'): string | undefined {
  if (encoding === 'json' || (encoding === undefined && !text.trimStart().startsWith('%'))) return text
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/**
 * An object is converted to JSON as well, so that getters, cycles and prototypes never reach the evaluator.
 */
function stringify(document: unknown): string | undefined {
  try {
    // The type of JSON.stringify does not mention that it can return undefined, for example for a function.
    const text: string | undefined = JSON.stringify(document)
    return text
  } catch {
    return undefined // a getter, a cycle, a BigInt or deep nesting can throw anything: the object cannot be written as JSON
  }
}

/** The value of a JSON string, or undefined if the string is not JSON. */
export function parsePolicyJson(text: string): { parsed: unknown } | undefined {
  try {
    return { parsed: JSON.parse(text) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
