/**
 * Decodes base64 as Go's `base64.StdEncoding` does: line breaks are ignored anywhere, padding is required,
 * and nothing else is tolerated. Undefined if Go would return an error. Runs in linear time.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const packed = /[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, '') : text
  if (packed.length % 4 !== 0) return undefined

  const padding = packed.endsWith('==') ? 2 : packed.endsWith('=') ? 1 : 0
  if (/[^A-Za-z0-9+/]/.test(padding === 0 ? packed : packed.slice(0, -padding))) return undefined

  return Buffer.from(packed, 'base64')
}
