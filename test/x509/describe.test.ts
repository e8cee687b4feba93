import t from 'tap'
import { parseCertificate } from '../../src/x509/certificate.js'
import { describeCertificate, descriptionOf } from '../../src/x509/describe.js'
import { newestGo } from '../../src/x509/go-version.js'
import { type CertificateSpec, extension, makeDer, makeKey, name } from '../support/certificates.js'

t.test('describes a certificate for people', async (t) => {
  const ec = makeKey.ec()
  const id = extension.subjectKeyId(Buffer.alloc(20, 0xab))
  const table: readonly (readonly [
    why: string,
    spec: CertificateSpec,
    description: object,
    sentence: RegExp
  ])[] = [
    [
      'X.509 v1',
      { key: ec, version: 1 },
      { isCa: true, key: 'P-256', subjectKeyId: undefined },
      /^CN=leaf \(SHA-256 [^ ]{11}…\)$/
    ],
    ['no basic constraints', { key: ec }, { isCa: false, isSelfIssued: true }, /^CN=leaf /],
    [
      'a CA',
      { key: makeKey.rsa(), extensions: [extension.ca(), id] },
      { isCa: true, key: 'RSA 2048' },
      / \(key [^ ]{11}…\)$/
    ],
    [
      'Ed25519',
      { key: makeKey.ed25519(), issuer: name('a') },
      { key: 'ed25519', isSelfIssued: false, issuer: 'CN=a' },
      /^CN=leaf /
    ],
    ['no name', { key: ec, subject: Buffer.from([0x30, 0]) }, { subject: '(empty)' }, /^\(empty\) /],
    ['a long name', { key: ec, subject: name('a'.repeat(100)) }, {}, /^CN=a{77}… \(/]
  ]
  for (const [why, spec, description, sentence] of table) {
    const certificate = parseCertificate(makeDer(spec), newestGo)
    if ('refusal' in certificate) throw new Error(`${why}: ${certificate.refusal}`)
    t.match(
      descriptionOf(certificate),
      { notBefore: '2026-01-01T00:00:00Z', notAfter: '2036-01-01T00:00:00Z', ...description },
      why
    )
    t.match(describeCertificate(certificate), sentence, why)
  }
})
