import type { AcceptedBundles } from './entries.js'

/**
 * What one WebhookTrust takes: by its schema so many texts an entry, each so long. And etcd takes objects of
 * 1.5 MiB, in which every accepted text stands twice, once among the fields that we manage.
 * https://etcd.io/docs/latest/dev-guide/limit/
 */
export const most = { texts: 256, length: 32_768, characters: 500_000 } as const

/**
 * The entries as far as the WebhookTrust takes them. What a Service serves, or an issuer tells, may be long
 * without end, and must not keep the others from being published: those whose CAs are `certain`, ours and the
 * cluster's, come first, and of the rest each has its share, of which the smaller ones leave what they do not
 * need. The longest texts are left out.
 */
export function boundedEntries(
  entries: readonly AcceptedBundles[],
  isCertain: (name: string) => boolean
): AcceptedBundles[] {
  let left: number = most.characters
  const bounded = new Map<AcceptedBundles, AcceptedBundles>()
  const bound = (entry: AcceptedBundles, share: number): void => {
    const shrunk = shrink(entry, share)
    bounded.set(entry, shrunk)
    left -= sizeOf(shrunk)
  }
  for (const entry of entries) if (isCertain(entry.name)) bound(entry, left)
  const others = entries
    .filter(({ name }) => !isCertain(name))
    .sort((one, other) => sizeOf(one) - sizeOf(other))
  for (const [index, entry] of others.entries()) bound(entry, left / (others.length - index))

  return entries.map((entry) => bounded.get(entry) ?? entry)
}

function shrink(entry: AcceptedBundles, share: number): AcceptedBundles {
  const complete = new Set(entry.complete)
  let [left, count] = [share, 0]
  const kept = new Set(
    [...entry.accepted]
      .sort((one, other) => one.length - other.length)
      .filter((text) => {
        const cost = costOf(text, complete)
        if (text.length > most.length || cost > left || count === most.texts) return false
        ;[left, count] = [left - cost, count + 1]

        return true
      })
  )
  const isKept = (text: string): boolean => kept.has(text)

  return { ...entry, accepted: entry.accepted.filter(isKept), complete: entry.complete.filter(isKept) }
}

function sizeOf({ accepted, complete }: AcceptedBundles): number {
  const holdsAll = new Set(complete)

  return accepted.reduce((sum, text) => sum + costOf(text, holdsAll), 0)
}

/** A complete text stands in both lists. */
const costOf = (text: string, complete: ReadonlySet<string>): number =>
  text.length * (complete.has(text) ? 2 : 1)
