import t from 'tap'
import { diagnoseBundle } from '../../src/ca-bundle/diagnose.js'
import type { FaultKind } from '../../src/ca-bundle/faults.js'
import { recoverCertificates } from '../../src/ca-bundle/recover.js'
import { base64, extension, makeAuthority, makeDer, makeKey, pem } from '../support/certificates.js'

const at = new Date('2026-11-24T00:00:00Z')
const ca = makeAuthority()
const good = pem(ca.der)
const second = pem(makeAuthority('second').der)
const key = pem(Buffer.from('key'), 'PRIVATE KEY')
const broken = pem(makeAuthority('x', { serial: Buffer.from([0x80]) }).der)
const deadline = (days: number): string =>
  pem(makeAuthority('x', { notAfter: new Date(at.getTime() + days * 86_400_000) }).der)
const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le')

/**
 * Bundle, how many certificates Go reads, the faults, and how many certificates a repair finds (as many as
 * Go, unless told).
 */
const table: readonly (readonly [
  why: string,
  bundle: string | Buffer,
  read: number,
  faults: readonly FaultKind[],
  recovered?: number
])[] = [
  ['as it should be', good, 1, []],
  ['two', good + second, 2, []],
  ['comments around', `# a\n${good}# b\n${second}# c`, 2, []],
  ['CRLF', good.replaceAll('\n', '\r\n'), 1, []],
  ['blanks at line ends', good.replaceAll('\n', ' \t\n'), 1, []],
  ['no last line end', good.trimEnd(), 1, []],
  ['one long line', good.replace(/(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, ''), 1, []],
  ['NUL bytes behind', `${good}\0\0\0`, 1, []],
  ['empty', '', 0, []],
  ['byte order mark', `\ufeff${good}`, 0, ['byte-order-mark'], 1],
  ['byte order mark, then another', `\ufeff${good}${second}`, 1, ['byte-order-mark'], 2],
  ['UTF-16', utf16(good), 0, ['utf-16'], 1],
  ['UTF-16, big end first', utf16(good).swap16(), 0, ['utf-16'], 1],
  ['indented', good.replace(/^(?=.)/gm, '    '), 0, ['indented'], 1],
  ['only END indented', good.replace('-----END', ' -----END'), 0, ['indented'], 1],
  ['glued', good.trimEnd() + second, 0, ['glued'], 2],
  ['glued, then another', good.trimEnd() + second + pem(makeAuthority('third').der), 1, ['glued'], 3],
  ['base64 twice', base64(good), 0, ['base64-twice'], 1],
  ['base64 twice, in lines', base64(good).replace(/.{64}/g, '$&\n'), 0, ['base64-twice'], 1],
  ['DER', ca.der, 0, ['der'], 1],
  ['DER in base64', base64(ca.der), 0, ['base64-twice'], 1],
  ['CR', good.replaceAll('\n', '\r'), 0, ['carriage-returns'], 1],
  ['literal line ends', good.replaceAll('\n', '\\n'), 0, ['literal-line-ends'], 1],
  ['on one line', good.replaceAll('\n', ' '), 0, ['text-beside'], 1],
  ['text in front', `ca: ${good}`, 0, ['text-beside'], 1],
  ['quoted', `"${good.trimEnd()}"\n`, 0, ['text-beside'], 1],
  ['lower case', good.toLowerCase(), 0, ['lower-case'], 0],
  ['X509 CERTIFICATE', pem(ca.der, 'X509 CERTIFICATE'), 0, ['wrong-label'], 1],
  [
    'TRUSTED CERTIFICATE',
    pem(Buffer.concat([ca.der, Buffer.from('3000', 'hex')]), 'TRUSTED CERTIFICATE'),
    0,
    ['wrong-label'],
    1
  ],
  ['headers', good.replace('\n', '\nProc-Type: 4,ENCRYPTED\n\n'), 0, ['headers'], 1],
  ['private key beside', good + key, 1, ['private-key']],
  ['private key alone', key, 0, ['private-key']],
  ['certificate request', pem(Buffer.from('x'), 'CERTIFICATE REQUEST'), 0, ['certificate-request']],
  ['PKCS#7', pem(Buffer.from('x'), 'PKCS7'), 0, ['pkcs7']],
  ['PKCS#7 in DER', Buffer.from('308203e806092a864886f70d010702a08203d9', 'hex'), 0, ['pkcs7-der']],
  ['cut off', good.slice(0, 200), 0, ['truncated']],
  ['cut off, then a good one', good.slice(0, 200) + '\n' + second, 1, ['truncated']],
  ['another label at the end', good.replace('END CERTIFICATE', 'END CERT'), 0, ['truncated'], 1],
  ['not base64 inside', good.replace(/\n./, '\n!'), 0, ['damaged']],
  ['text behind END', `${good.trimEnd()} # ca\n`, 0, ['text-beside'], 1],
  ['refused by Go', broken + good, 1, ['certificate-refused']],
  ['text', 'hello', 0, ['no-pem']],
  ['a variable', '${CA_BUNDLE}\n', 0, ['placeholder']],
  ['a template inside a certificate', good.replace(/\n[^]*\n-/, '\n{{ .ca }}\n-'), 0, ['damaged']],
  ['a leaf', pem(makeDer({ key: makeKey.ec() })), 1, ['leaf']],
  ['a leaf that says so', pem(makeDer({ key: makeKey.ec(), extensions: [extension.notCa()] })), 1, ['leaf']],
  ['version 1', pem(makeAuthority('old', { version: 1 }).der), 1, []],
  ['expired', deadline(-1), 1, ['expired']],
  ['expires in 29 days', deadline(29), 1, ['expiring']],
  ['expires in 31 days', deadline(31), 1, []],
  [
    'not yet valid',
    pem(makeAuthority('x', { notBefore: new Date('2027-01-01T00:00:00Z') }).der),
    1,
    ['not-yet-valid']
  ],
  ['twice the same', good + good, 2, ['duplicate'], 1]
]

for (const [why, bundle, read, kinds, recovered = read] of table) {
  t.test(why, async (t) => {
    const { bundle: found, faults, unusable } = diagnoseBundle(base64(bundle), at)
    t.equal(found?.certificates.length, read, 'certificates that Go reads')
    t.strictSame(
      faults.map(({ kind }) => kind),
      kinds
    )
    t.equal(unusable === undefined, read > 0 || bundle.length === 0, 'usable or not')
    t.equal(
      recoverCertificates(Buffer.from(bundle as string)).length,
      recovered,
      'certificates that were meant'
    ) // a Buffer passes through
  })
}

t.test('names line and count', async (t) => {
  const { faults } = diagnoseBundle(base64(`# one\n${good.trimEnd()}${second}`), at)
  t.match(faults, [
    {
      message: 'two PEM blocks are joined without a line break, so Go skips both (line 2 and 1 more)',
      count: 2,
      line: 2
    }
  ])
  t.match(diagnoseBundle('%', at), {
    bundle: undefined,
    faults: [{ kind: 'not-base64' }],
    unusable: 'illegal base64 data'
  })
  t.match(
    diagnoseBundle(base64(broken), at, '1.22'),
    { unusable: undefined },
    'Go 1.22 took negative serial numbers'
  )
})
