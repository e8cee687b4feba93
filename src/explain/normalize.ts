// What different programs add to an error text: times before each line (kubectl logs --timestamps, and the
// container runtime's files), colors, JSON and Go escapes, and XML or HTML entities. Each is removed as a
// whole, because its letters and digits would otherwise remain.
const times = /^\d{4}-\d\d-\d\dT[\d:.]{8,20}(?:Z|[+-]\d\d:\d\d)(?: std(?:out|err) [FP])?/gm
const colors = /\u001b\[[0-9;?]{0,20}[A-Za-z]/g
const escapes = /\\[nrt]|\\u[0-9a-fA-F]{4}/g
const entities = /&(?:#x?[0-9a-fA-F]{1,5}|[a-z]{2,5});/gi
const others = /[^a-z0-9]+/g

/**
 * The letters and digits of a text, in lower case. The result is the same for texts that differ only in case,
 * punctuation, quotes, escapes, spaces and line breaks, even within words.
 */
export const normalize = (text: string): string =>
  text
    .replace(times, '')
    .replace(colors, '')
    .replace(escapes, '')
    .replace(entities, '')
    .toLowerCase()
    .replace(others, '')
