import { decodeBase64 } from '../x509/base64.js'
import { type Certificate, parseCertificate } from '../x509/certificate.js'
import { goMinorOf } from '../x509/go-version.js'
import { buildPool } from '../x509/pool.js'

/**
 * Finds the certificates that a damaged text was meant to contain. It handles a byte order mark, UTF-16,
 * indentation, joined blocks, double base64, DER, wrong labels and bad line endings. Each certificate is
 * returned once, in order. Use the result only to propose a repair: the API server trusts only what Go reads.
 */
export function recoverCertificates(bytes: Buffer, go?: string): readonly Certificate[] {
  const goMinor = goMinorOf(go)
  const certificates: Certificate[] = []
  const take = (der: Buffer | undefined): void => {
    const certificate = der && parseCertificate(der, goMinor)
    if (certificate && !('refusal' in certificate)) certificates.push(certificate)
  }

  const text = textOf(bytes)
  for (const { 0: begin, index } of text.matchAll(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/gi)) {
    const start = index + begin.length
    const end = text.indexOf('-----', start)
    if (end - start > shortest) take(derOf(text.slice(start, end)))
  }
  if (certificates.length === 0) {
    take(bytes)
    const inner = decodeBase64(text.replace(/\s+/g, ''))
    if (inner !== undefined && inner.length > 0 && inner.length < bytes.length)
      return recoverCertificates(inner, go)
  }

  return buildPool(certificates).certificates
}

// Every certificate is longer than this in base64. Shorter blocks are skipped without decoding, so tens of
// thousands of empty blocks cost little time.
const shortest = 100

/**
 * The DER in the body of a block. Lines with a colon are headers, and a TRUSTED CERTIFICATE block has trust
 * settings after the DER.
 */
function derOf(body: string): Buffer | undefined {
  const lines = body
    .replace(/\\[rn]/g, '\n')
    .split(/[\r\n]+/)
    .filter((line) => !line.includes(':'))
  const der = decodeBase64(lines.join('').replace(/\s+/g, ''))
  if (der === undefined || der[0] !== 0x30 || der[1] !== 0x82 || der.length < 4) return der

  return der.subarray(0, 4 + der.readUInt16BE(2))
}

function textOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.subarray(2).toString('utf16le')
  if (bytes[0] === 0xfe && bytes[1] === 0xff && bytes.length % 2 === 0)
    return Buffer.from(bytes.subarray(2)).swap16().toString('utf16le')

  return bytes.toString('latin1')
}
