import { X509Certificate } from 'node:crypto'
import { base64, extension, issue, makeAuthority, makeKey, pem } from '../../test/support/certificates.ts'
import { alternate, ratiosOf } from '../support/alternate.ts'
import { load } from '../support/built.ts'
import { slowest } from '../support/hostile.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'
import { microsecondsOf } from '../support/time.ts'

const at = new Date('2026-11-24T00:00:00Z')
const host = '127.0.0.1'

/**
 * Compares predicting the API server's verdict on a chain with parsing one certificate and checking one
 * signature, and the slowest hostile bundle with 250 ms.
 */
export const tls: Row = async ({ rounds, scale }) => {
  const { judgeTls } = (await load('x509/judge-tls.js')) as typeof import('../../src/x509/judge-tls.js')
  const root = makeAuthority()
  const rootPem = pem(root.der)
  const chain = pem(issue(root, { key: makeKey.ec(), extensions: [extension.ip([127, 0, 0, 1])] }))
  const caBundle = base64(rootPem)
  const judge = (bundle: string): ReturnType<typeof judgeTls> =>
    judgeTls({ caBundle: bundle, chain, host, at })
  if (!judge(caBundle).accepted) throw new Error('the chain of the benchmark must be accepted')

  const issuer = new X509Certificate(rootPem).publicKey
  const calls = 500 * scale
  const times = await alternate(rounds, {
    judge: () => microsecondsOf(() => judge(caBundle), calls),
    node: () => microsecondsOf(() => new X509Certificate(chain).verify(issuer), calls)
  })

  return [
    {
      what: 'tls: a verdict on a chain of two / one X509Certificate and one signature',
      ratios: ratiosOf(times.judge, times.node),
      budget: undefined,
      absolute: `verdict ${medianOf(times.judge).toFixed(0)} µs, node:crypto ${medianOf(times.node).toFixed(0)} µs`
    },
    await slowest('tls', hostileBundles(rootPem), judge, rounds)
  ]
}

const mebibyte = 1024 * 1024

/** Bundles of 1 MiB that are meant to be slow to judge, as the base64 string of a caBundle. */
function hostileBundles(rootPem: string): Readonly<Record<string, string>> {
  const fill = (piece: string): string =>
    base64(piece.repeat(Math.ceil(mebibyte / piece.length)).slice(0, mebibyte))
  const different = (key: ReturnType<typeof makeKey.ec>, count: number): string =>
    base64(Array.from({ length: count }, () => pem(makeAuthority('kubernetes', { key }).der)).join(''))

  return {
    'BEGIN lines': fill('-----BEGIN CERTIFICATE-----\n'),
    'BEGIN on one line': fill('-----BEGIN CERTIFICATE-----'),
    'END lines': fill('-----END CERTIFICATE-----\n'),
    'glued blocks': fill('-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----'),
    'empty blocks': fill('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'),
    dashes: fill('-'),
    'base64 text': fill('QUFB'),
    'one CA again and again': fill(rootPem),
    '1,500 CAs of one name': different(makeKey.ec(), 1500),
    '100 CAs of one name on P-521': different(makeKey.ec('P-521'), 100)
  }
}
