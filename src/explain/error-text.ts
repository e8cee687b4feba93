import type { Cause } from './causes.js'
import type { Values } from './values.js'

/** The part of an error that is the same wherever it is printed: phrases, in this order. */
export type Phrases = readonly [string, ...string[]]

/** An error text, where it comes from, and what usually causes it. */
export interface ErrorText {
  /** Kebab-case, unique. */
  readonly id: string
  /** One sentence for the reader of the error: what happened. */
  readonly means: string
  readonly chain: 'irsa' | 'pod-identity' | 'both'
  /** The programs that print the text. */
  readonly printedBy: string
  /** A page or a source file that shows the text. */
  readonly source: string
  /** The forms of the text. Case, quotes, escapes, spaces and line breaks do not matter. */
  readonly forms: readonly Phrases[]
  /** A further condition on the values in the text. */
  readonly when?: (values: Values) => boolean
  /**
   * The text only wraps the actual error, or says only that there are no credentials. It is reported only if
   * nothing else in the input explains the error.
   */
  readonly isVague?: true
  /** Most likely first. */
  readonly causes: readonly Cause[]
}
