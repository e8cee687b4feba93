import { quote } from '../text/escape.js'
import type { Excerpt } from '../text/excerpt.js'
import { paint, type Style } from './style.js'

/**
 * A value with `^^^` below its wrong part. Empty if a line has no room for the value, or if its characters
 * are not all one column wide, because the marks would then be below the wrong part.
 */
export function excerptLines(excerpt: Excerpt | undefined, indent: string, style: Style): string[] {
  if (excerpt === undefined) return []
  const { text, from, to } = excerpt
  if (!/^[\x20-\x7e]+$/.test(text) || indent.length + text.length > (style.width ?? Infinity)) return []

  return [`${indent}${text}`, `${indent}${' '.repeat(from)}${paint('^'.repeat(to - from), 'red', style)}`]
}

/** A message without the quoted value at its end, which the excerpt shows. */
export function withoutExcerpt(message: string, excerpt: Excerpt | undefined): string {
  const end = excerpt === undefined ? '' : `: ${quote(excerpt.text)}`

  return end !== '' && message.endsWith(end) ? message.slice(0, -end.length) : message
}
