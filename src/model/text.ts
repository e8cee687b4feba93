// Control characters, line and paragraph separators, direction marks and lone surrogates: they would forge lines in a
// terminal, and the API server drops warnings that contain control characters.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Makes text of users harmless on one line: what does not print becomes `\n`, `\t` or `\u{…}`. */
export function escapeText(text: string): string {
  return text.replace(unprintable, (character) => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character]

    return known ?? `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`
  })
}

/** A user's text as one argument of a command that people will copy: the text itself when no shell would read more into it. */
export const argumentOf = (text: string, placeholder: string): string => (/^[\w.:/@-]{1,255}$/.test(text) ? text : placeholder)

/** Quotes a value of a user for a message: escaped, and cut after 200 characters. */
export function quote(text: string): string {
  const shown = text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text

  return `"${escapeText(shown)}"`
}
