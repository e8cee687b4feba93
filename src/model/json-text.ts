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
