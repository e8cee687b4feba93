const quote = '"'
const backslash = 92

/** The index of the closing quote of the JSON string whose opening quote is at `start`, or -1. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf(quote, start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf(quote, end + 1)

  return end
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1
  while (text.charCodeAt(before) === backslash) before--

  return (at - before) % 2 === 0
}

// Kubernetes' decoder accepts a depth of 10,000, but code that walks an object recurses once per level.
const depthLimit = 500

/**
 * The end of the object or array at `start`, and the number of keys in it; undefined if it is unterminated or
 * nested too deeply.
 */
export function extentOf(text: string, start: number): { end: number; keys: number } | undefined {
  let depth = 0
  let keys = 0
  for (let at = start; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 123: // {
      case 91: // [
        if (++depth > depthLimit) return undefined
        break
      case 125: // }
      case 93: // ]
        if (--depth === 0) return { end: at + 1, keys }
        break
      case 58: // :
        keys++
        break
      case 34: // "
        at = endOfString(text, at)
        if (at === -1) return undefined
    }
  }

  return undefined
}

/** Whether an object or an array begins at this index. */
export const isContainer = (text: string, at: number): boolean => text[at] === '{' || text[at] === '['

export const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

/** The index of the next character that is not whitespace, or the length of the string. */
export function afterBlanks(text: string, start: number): number {
  let at = start
  while (isBlank(text.charCodeAt(at))) at++

  return at
}
