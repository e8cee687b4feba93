import { isRecord } from './record.js'

/**
 * Builds a function that copies plain data so that equal strings share memory. Otherwise, each parsed or
 * concatenated string has its own copy. The function keeps all strings that it has seen.
 */
export function buildSharing(): <T>(value: T) => T {
  const texts = new Map<string, string>()

  function share(value: unknown): unknown {
    if (typeof value === 'string') {
      const before = texts.get(value)
      if (before === undefined) texts.set(value, value)
      return before ?? value
    }
    if (Array.isArray(value)) return value.map(share)

    return isRecord(value)
      ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, share(each)]))
      : value
  }

  return <T>(value: T) => share(value) as T // the copy has the same type as the value
}
