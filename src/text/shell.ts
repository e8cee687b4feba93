/** Text as one argument of a POSIX shell command. */
export const shellQuote = (text: string): string =>
  /^[A-Za-z0-9._/:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
