import type { AcceptedBundles } from './accepted-texts.js'

/** The limits of the WebhookTrust schema: strings per entry, and characters per string. */
export const maxTexts = 256
export const maxTextLength = 32_768

/**
 * The maximum number of characters in all entries together. etcd stores objects of up to 1.5 MiB, and each
 * accepted string is stored twice: in the spec and in the managed fields.
 * https://etcd.io/docs/latest/dev-guide/limit/
 */
export const maxCharacters = 500_000

/**
 * Limits the entries to what a WebhookTrust can store. A webhook's server or injector can supply a bundle of
 * any length, and a long one must not keep the other entries from being published. Entries whose CAs are
 * certain (ours and the cluster's) get their space first. Each of the other entries gets an equal share of
 * the remaining space. The longest strings are left out.
 */
export function boundedEntries(
  entries: readonly AcceptedBundles[],
  isCertain: (name: string) => boolean
): AcceptedBundles[] {
  let left = maxCharacters
  const certain = new Map(
    entries.flatMap((entry) => {
      if (!isCertain(entry.name)) return []
      const bounded = shrink(entry, left)
      left -= sizeOf(bounded)
      return [[entry, bounded] as const]
    })
  )
  const share = left / (entries.length - certain.size)

  return entries.map((entry) => certain.get(entry) ?? shrink(entry, share))
}

function shrink(entry: AcceptedBundles, size: number): AcceptedBundles {
  const kept = new Set<string>()
  let left = size
  for (const text of entry.accepted.toSorted((one, other) => one.length - other.length)) {
    left -= text.length * (entry.complete.includes(text) ? 2 : 1) // a complete string is in both arrays
    if (left < 0 || text.length > maxTextLength || kept.size === maxTexts) break
    kept.add(text)
  }
  const isKept = (text: string): boolean => kept.has(text)

  return { ...entry, accepted: entry.accepted.filter(isKept), complete: entry.complete.filter(isKept) }
}

const sizeOf = ({ accepted, complete }: AcceptedBundles): number => [...accepted, ...complete].join('').length
