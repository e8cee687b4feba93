/**
 * Caches the last result of a pure function, for callers that use the same argument many times in a row.
 */
export function memoizeLast<A extends string, R>(answer: (argument: A) => R): (argument: A) => R {
  let last: { argument: A; answer: R } | undefined

  return (argument) => {
    if (last?.argument !== argument) last = { argument, answer: answer(argument) }
    return last.answer
  }
}

/** Caches every result of a pure function, for callers that use few different arguments. */
export function memoizeEach<A extends string, R>(answer: (argument: A) => R): (argument: A) => R {
  const answers = new Map<A, { readonly answer: R }>()

  return (argument) => {
    const known = answers.get(argument) ?? { answer: answer(argument) }
    answers.set(argument, known)
    return known.answer
  }
}

/**
 * Groups the elements of an array by a key, once per array, so that thousands of lookups do not each search
 * the array. A short array is searched instead: an index would cost more than all of its lookups.
 */
export function memoizeGroups<K, V extends object>(
  keyOf: (member: V) => K
): (list: readonly V[], key: K) => readonly V[] {
  const indexes = new WeakMap<readonly V[], ReadonlyMap<K, readonly V[]>>()

  return (list, key) => {
    if (list.length <= short) return list.filter((member) => keyOf(member) === key)
    let index = indexes.get(list)
    if (index === undefined) indexes.set(list, (index = Map.groupBy(list, keyOf)))
    return index.get(key) ?? none
  }
}

const short = 8
const none: readonly never[] = []
