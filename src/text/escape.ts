// Control characters, line and paragraph separators, direction marks and lone surrogates: they can forge
// lines in a terminal, and the API server drops warnings that contain control characters.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Makes user input safe to print on one line: unprintable characters become `\n`, `\t` or `\u{…}`. */
export function escapeText(text: string): string {
  return text.replace(unprintable, (character) => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character]

    return known ?? `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`
  })
}

// JSON.stringify itself escapes characters below U+0020 and lone surrogates.
const unprintableInJson = /[\u007F-\u009F\p{Cf}\p{Zl}\p{Zp}]/gu

/** Escapes JSON so that it is safe to print: terminals interpret some characters that JSON need not escape. */
export const escapeJson = (json: string): string =>
  json.replace(unprintableInJson, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      const unit = character.charCodeAt(index).toString(16)

      return `\\u${unit.padStart(4, '0')}`
    }).join('')
  )

/**
 * User input as one argument of a command that people will copy: the string itself if it has no special
 * meaning in any shell, otherwise the placeholder.
 */
export const argumentOf = (text: string, placeholder: string): string =>
  /^[\w.:/@-]{1,255}$/.test(text) ? text : placeholder

/** The message of an error, to be shown as a reason. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Truncates a string that is too long and appends its original length. */
export const shorten = (text: string, max: number): string =>
  text.length > max ? `${text.slice(0, max)}… (${text.length} characters)` : text

/** Quotes user input for a message: escaped, and truncated after 200 characters. */
export const quote = (text: string): string => `"${escapeText(shorten(text, 200))}"`

/**
 * The part of a string from the first opening delimiter to the first closing delimiter after it, including
 * both; undefined if there is no such pair. Runs in linear time.
 */
export function enclosedIn(text: string, open: string, close: string): string | undefined {
  const start = text.indexOf(open)
  const end = start === -1 ? -1 : text.indexOf(close, start + open.length)

  return end === -1 ? undefined : text.slice(start, end + close.length)
}

/** Names in a sentence: up to three names, or the first name and the number of the others. */
export function shortList(names: readonly string[]): string {
  const [first = ''] = names

  return names.length <= 3 ? names.join(', ') : `${first} and ${names.length - 1} more`
}
