/** Quotes an ASCII string as Go's `%q` does. */
export function goQuote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replace(/[^ -~]/gu, (character) => escapes[character] ?? escapeOf(character))}"`
}

const escapes: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\f': '\\f',
  '\b': '\\b',
  '\u0007': '\\a'
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0

  return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : character
}
