/** A value and the part of it that is wrong: the characters from `from` up to, but not including, `to`. */
export interface Excerpt {
  readonly text: string
  readonly from: number
  readonly to: number
}

/** Marks the first occurrence of `part` as wrong; undefined if `part` is not found or is the whole value. */
export function excerptOf(text: string, part: string): Excerpt | undefined {
  const from = text.indexOf(part)

  return from === -1 ? undefined : partial({ text, from, to: from + part.length })
}

/**
 * Marks the parts of a value that differ from an expected value. Parts end at a colon, a slash or a dot.
 * Undefined if nothing or everything differs.
 */
export function differenceIn(text: string, expected: string): Excerpt | undefined {
  const parts = text.split(ends)
  const others = expected.split(ends)
  const before = commonStart(parts, others)
  const after = commonStart(parts.slice(before).reverse(), others.slice(before).reverse())
  const from = parts.slice(0, before).join('').length
  const part = parts
    .slice(before, parts.length - after)
    .join('')
    .replace(/[:/.]$/, '')

  return partial({ text, from, to: from + part.length })
}

const ends = /(?<=[:/.])/

function commonStart(one: readonly string[], other: readonly string[]): number {
  const index = one.findIndex((part, index) => part !== other[index])

  return index === -1 ? one.length : index
}

const partial = (excerpt: Excerpt): Excerpt | undefined =>
  excerpt.from === excerpt.to || (excerpt.from === 0 && excerpt.to === excerpt.text.length)
    ? undefined
    : excerpt
