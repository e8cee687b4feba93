// What different programs do to an error text: colors, JSON and Go escapes, and XML or HTML entities. Escaped
// line breaks and letters go as a whole, because their letter would otherwise remain.
const colors = /\u001b\[[0-9;?]{0,20}[A-Za-z]/g
const escapes = /\\[nrt]|\\u[0-9a-fA-F]{4}/g
const entities = /&(?:#x?[0-9a-fA-F]{1,5}|[a-z]{2,5});/g
const others = /[^a-z0-9]+/g

/**
 * The letters and digits of a text, in lower case. Two texts that differ only in case, punctuation, quotes,
 * escapes, spaces and line breaks, even within words, have the same ones.
 */
export const normalize = (text: string): string =>
  text.replace(colors, '').replace(escapes, '').replace(entities, '').toLowerCase().replace(others, '')
