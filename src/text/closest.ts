const mistakes = 2

/**
 * The known word that differs from a string by at most two typos (inserted, missing or replaced characters), or
 * undefined. If several words have the same number of typos, the first one wins. To compare many strings with
 * the same words, use `buildClosest`.
 */
export function closestTo(text: string, known: readonly string[]): string | undefined {
  const [closest] = known
    .map((word) => ({ word, distance: editDistance(text, word) }))
    .filter(({ distance }) => distance <= mistakes)
    .sort((a, b) => a.distance - b.distance)

  return closest?.word
}

/**
 * Returns a function with the same results as `closestTo`. The words are sorted once, and words with a common
 * prefix are compared with a string together. Once a prefix has used up the allowed typos, the rest of the word
 * must equal the end of the string, so such a word is looked up instead of compared.
 */
export function buildClosest(known: readonly string[]): (text: string) => string | undefined {
  const sorted = [...new Set(known)].sort((a, b) => (a < b ? -1 : 1))
  const orders = new Map(known.map((word, order) => [word, order] as const).reverse())

  return (text) => {
    if (text.length > longest) return closestTo(text, known)
    let best: string | undefined
    let [limit, bestOrder] = [mistakes, Infinity]
    const offer = (word: string, distance: number): void => {
      const order = orders.get(word)
      if (order === undefined || distance > limit || (distance === limit && order >= bestOrder)) return
      best = word
      limit = distance
      bestOrder = order
    }
    /** Compares the words from `start` to `end`, whose first `depth` characters are the same. */
    const compare = (start: number, end: number, depth: number, row: Row): void => {
      const word = sorted[start] ?? ''
      const least = Math.min(row[0], row[1], row[2], row[3], row[4])
      if (least > limit) return
      if (least === limit) {
        const beginning = word.slice(0, depth)
        for (const [place, distance] of row.entries())
          if (distance === limit) offer(beginning + text.slice(depth + place - mistakes), distance)
        return
      }
      if (word.length === depth) offer(word, distanceIn(row, depth, text))
      for (let first = word.length === depth ? start + 1 : start; first < end;) {
        const character = sorted[first]?.charCodeAt(depth) ?? 0
        const after = firstAbove(first, end, depth, character)
        compare(first, after, depth + 1, nextRow(row, depth, character, text))
        first = after
      }
    }
    /** The index of the first of these words whose character at `depth` sorts after the given one. */
    const firstAbove = (start: number, end: number, depth: number, character: number): number => {
      let [low, high] = [start + 1, end]
      while (low < high) {
        const middle = (low + high) >> 1
        if ((sorted[middle]?.charCodeAt(depth) ?? 0) > character) high = middle
        else low = middle + 1
      }

      return low
    }
    if (sorted.length > 0) compare(0, sorted.length, 0, firstRow(text))

    return best
  }
}

// No name in IAM or Kubernetes is longer. The comparison recurses once for each character, so its depth must be
// limited.
const longest = 253

/** The Levenshtein distance, or a number above the limit. */
function editDistance(text: string, word: string): number {
  if (Math.abs(text.length - word.length) > mistakes) return Infinity

  let row = firstRow(text)
  for (let index = 0; index < word.length; index++) {
    row = nextRow(row, index, word.charCodeAt(index), text)
    if (Math.min(...row) > mistakes) return Infinity
  }

  return distanceIn(row, word.length, text)
}

/**
 * The distances between a prefix of the word and the prefixes of the text that are at most two characters shorter
 * or longer. Any other prefix would need more than two typos.
 */
type Row = readonly [number, number, number, number, number]

const firstRow = ({ length }: string): Row => [
  Infinity,
  Infinity,
  0,
  length < 1 ? Infinity : 1,
  length < 2 ? Infinity : 2
]

/** The next row, once the word's character at `index` has been compared. */
function nextRow(row: Row, index: number, character: number, text: string): Row {
  let before = Infinity // the cell to the left
  const cell = (place: 0 | 1 | 2 | 3 | 4): number => {
    const column = index + 1 + place - mistakes // the length of the prefix of the text
    if (column < 0 || column > text.length) return (before = Infinity)
    const replaced = row[place] + (text.charCodeAt(column - 1) === character ? 0 : 1)

    return (before = Math.min(replaced, (row[place + 1] ?? Infinity) + 1, before + 1))
  }

  return [cell(0), cell(1), cell(2), cell(3), cell(4)]
}

const distanceIn = (row: Row, length: number, text: string): number =>
  row[text.length - length + mistakes] ?? Infinity
