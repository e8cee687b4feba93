import type { Severity } from '../../model/finding.js'
import type { Chain } from './chain.js'

/**
 * What the HTML report shows, as plain data: the page contains it as JSON, and the script in the page renders it
 * again for each filter. No text in it has control characters.
 */
export interface Page {
  readonly rules: Readonly<Record<string, PageRule>>
  readonly causes: readonly PageCause[]
  /** Causes whose findings are waived. */
  readonly waived: readonly PageCause[]
  readonly unchecked: readonly PageUnchecked[]
}

/** What the page says about a rule. */
export interface PageRule {
  readonly title: string
  readonly docs: string
}

/** A cause with all of its objects. */
export interface PageCause {
  readonly id: string
  readonly rule: string
  readonly severity: Severity
  readonly message: string
  readonly fix: string
  /** The reason for the waiver. */
  readonly waived?: string
  /** Left out if the cause is not about a link of a chain. */
  readonly chain?: Chain
  /** The fields with the problem, if they are the same in all objects. */
  readonly fields?: readonly string[]
  readonly objects: readonly PageObject[]
}

/** An object that a cause affects. */
export interface PageObject {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly cluster?: string
  /** The file and line. */
  readonly place?: string
  /** Left out if they are the same as the cause's. */
  readonly fields?: readonly string[]
  /** Left out if it is the same as the cause's summary. */
  readonly message?: string
  /** Left out if it is the same as the cause's fix. */
  readonly fix?: string
  /** When the finding was first seen. */
  readonly since?: string
}

/** Rules that could not be checked for the same reason. */
export interface PageUnchecked {
  readonly because: string
  readonly rules: readonly string[]
  /** How many objects are affected, and the first few of them. */
  readonly count: number
  readonly objects: readonly string[]
  readonly hint?: string
}

/** The namespace and name of an object, as in messages; empty if it has no name. */
export const nameOf = ({ namespace, name }: Pick<PageObject, 'namespace' | 'name'>): string =>
  namespace === undefined || name === '' ? name : `${namespace}/${name}`
