import { findDuplicateKey } from './duplicate-keys.js'

/** Why IAM would refuse to store a document, and where in it. */
export interface Defect {
  readonly reason: string
  /** A path such as `Statement[0].Condition.StringEquals`; empty for the document as a whole. */
  readonly place: string
  readonly statement?: number
}

/**
 * The longest trust policy that IAM stores, white space not counted: 2,048 characters, and at most 8,192
 * where an account was granted more.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const policyLength = { defaultQuota: 2048, maximum: 8192 } as const

/** A document that is JSON: its value, and its length as IAM counts it, without white space. */
export interface ParsedPolicy {
  readonly value: unknown
  readonly size: number
}

/**
 * Reads a policy document: an object, JSON text, or percent-encoded JSON text as GetRole returns it (RFC
 * 3986, decoded once). Without `encoding`, text that begins with `%` is taken for percent-encoded: JSON never
 * begins so. Never throws.
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
  // Before anything else is looked at, so that no document costs more than this look.
  const size = lengthOf(text)
  if (size > policyLength.maximum) {
    return {
      reason: `it has ${size} characters without white space; IAM stores at most ${policyLength.maximum}`,
      place: ''
    }
  }
  const value = parsePolicyJson(text)
  if (value === undefined) return { reason: 'it is not JSON', place: '' }

  // policyDocumentType of the IAM API: tab, line ends and Latin-1 only.
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
 * Objects go the way of text too, so that nothing behind them (getters, cycles, prototypes) reaches the
 * evaluator.
 */
function stringify(document: unknown): string | undefined {
  try {
    // The types of JSON.stringify leave out that it returns undefined, for example for a function.
    const text: string | undefined = JSON.stringify(document)
    return text
  } catch {
    return undefined // whatever a getter, a cycle, a BigInt or a nesting too deep throws: there is no such JSON
  }
}

/** The value of a JSON text, or undefined when it is none. */
export function parsePolicyJson(text: string): { parsed: unknown } | undefined {
  try {
    return { parsed: JSON.parse(text) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
