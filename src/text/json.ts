const quote = '"'
const backslash = 92

/** The place of the quote that ends the JSON string whose opening quote is at `start`, or -1. */
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

// Kubernetes' decoder ends at 10,000; whatever looks through an object calls itself for each level.
const depthLimit = 500

/**
 * Where the object or list at `start` ends, and how many keys are written in it; undefined where it does not
 * end or nests too deeply.
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

/** Whether an object or a list begins there. */
export const isContainer = (text: string, at: number): boolean => text[at] === '{' || text[at] === '['

export const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

/** The position of the next character that is not whitespace, or the end. */
export function afterBlanks(text: string, start: number): number {
  let at = start
  while (isBlank(text.charCodeAt(at))) at++

  return at
}
