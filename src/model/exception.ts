import { endOfDay } from '../text/day.js'
import { matchesPattern, parsePattern, type Pattern } from '../text/glob.js'

/** An exception from the configuration: the findings of a rule about some objects count as waived. */
export interface Exception {
  readonly rule: string
  /** The objects, as written in the configuration, such as `ServiceAccount shop/cart-*`. */
  readonly object: string
  readonly reason: string
  /** The last day of the exception (UTC), such as `2027-01-31`; undefined if it does not expire. */
  readonly until: string | undefined
}

/** A parsed exception, ready to be compared with many objects. */
export interface ParsedException extends Exception {
  readonly kind: string
  /** Undefined for kinds without a namespace. */
  readonly namespace: Pattern | undefined
  readonly name: Pattern
}

/**
 * Parses an exception. Undefined if `object` is neither `KIND NAME` nor `KIND NAMESPACE/NAME`, or if
 * `until` is not a date. In names and namespaces, `*` and `?` are wildcards.
 */
export function parseException(exception: Exception): ParsedException | undefined {
  const [, kind, namespace, name = ''] =
    /^([A-Za-z]+) (?:([^/\s]+)\/)?([^/\s]+)$/.exec(exception.object) ?? []
  if (kind === undefined || (exception.until !== undefined && endOfDay(exception.until) === undefined))
    return undefined

  return {
    ...exception,
    kind,
    namespace: namespace === undefined ? undefined : parsePattern(namespace),
    name: parsePattern(name)
  }
}

/** Whether an exception applies to an object. */
export function isAbout(
  exception: ParsedException,
  { kind, namespace = '', name }: { kind: string; namespace?: string | undefined; name: string }
): boolean {
  return (
    exception.kind === kind &&
    (exception.namespace === undefined
      ? namespace === ''
      : namespace !== '' && matchesPattern(exception.namespace, namespace)) &&
    matchesPattern(exception.name, name)
  )
}
