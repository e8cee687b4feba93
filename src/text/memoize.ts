/**
 * Remembers the last result of a pure function, for an argument that is used repeatedly before the next one.
 */
export function memoizeLast<A extends string, R>(answer: (argument: A) => R): (argument: A) => R {
  let last: { argument: A; answer: R } | undefined

  return (argument) => {
    if (last?.argument !== argument) last = { argument, answer: answer(argument) }
    return last.answer
  }
}

/**
 * Groups the members of a list by a key, once for as long as the list exists: what is looked up for each of
 * thousands must not search each time.
 */
export function memoizeGroups<K, V extends object>(
  keyOf: (member: V) => K
): (list: readonly V[], key: K) => readonly V[] {
  const indexes = new WeakMap<readonly V[], ReadonlyMap<K, readonly V[]>>()

  return (list, key) => {
    let index = indexes.get(list)
    if (index === undefined) indexes.set(list, (index = Map.groupBy(list, keyOf)))
    return index.get(key) ?? none
  }
}

const none: readonly never[] = []
