import t from 'tap'
import { judgeTls } from '../../src/x509/judge-tls.js'
import {
  type Authority,
  base64,
  type CertificateSpec,
  der,
  type Extension,
  extension,
  integer,
  issue,
  makeAuthority,
  makeKey,
  oid,
  pem,
  sequence,
  text
} from '../support/certificates.js'
import { buildOracle } from '../support/go-oracle.js'

const at = new Date('2026-11-24T00:00:00Z')
const host = 'webhook.default.svc'
const dns = extension.dns(host)
const key = makeKey.ec()
const root = makeAuthority()
const rsaRoot = makeAuthority('kubernetes', { key: makeKey.rsa() })
const unread = 'tls: failed to parse certificate from server: '
const failed = 'tls: failed to verify certificate: '
const nothing = Buffer.from([5, 0])

/** A leaf, and what Go says of it; the empty text when it accepts. */
interface Form {
  readonly why: string
  readonly spec: Partial<CertificateSpec>
  readonly says: string
  /** What Go says when its words, not its verdict, are others. */
  readonly inGo?: string
  readonly by?: Authority
  readonly between?: readonly Buffer[]
  readonly go?: string
}

const forms: Form[] = []

const time = (why: string, tag: number, moment: string, says = ''): void => {
  forms.push({
    why: `${why}: ${moment}`,
    spec: { notBefore: text(tag, moment) },
    says: says && `${unread}${says}`
  })
}
const utc = 'x509: malformed UTCTime'
const generalized = 'x509: malformed GeneralizedTime'
time('no seconds', 0x17, '2601010000Z')
time('an offset', 0x17, '260101000000+0100')
time('an offset to the west', 0x17, '260101000000-0130')
time('the longest offset', 0x17, '260101000000+2459')
time('the last century', 0x17, '500101000000Z')
time('a leap day', 0x17, '240229000000Z')
time('an offset of nothing', 0x17, '260101000000+0000', utc)
time('an offset of 25 hours', 0x17, '260101000000+2500', utc)
time('an offset of 60 minutes', 0x17, '260101000000+0060', utc)
time('no zone', 0x17, '260101000000', utc)
time('31 February', 0x17, '260231000000Z', utc)
time('a thirteenth month', 0x17, '261301000000Z', utc)
time('24 hours', 0x17, '260101240000Z', utc)
time('60 minutes', 0x17, '260101006000Z', utc)
time('60 seconds', 0x17, '260101000060Z', utc)
time('four digits of year', 0x18, '20260101000000Z')
time('four digits of year and an offset', 0x18, '20260101000000+0100')
time('a fraction', 0x18, '20260101000000.5Z', generalized)
time('four digits of year, no seconds', 0x18, '202601010000Z', generalized)
time('another type', 0x0c, '260101000000Z', 'x509: unsupported time format')

const subject = (why: string, tag: number, value: string, wrong = ''): void => {
  const says = wrong && `${unread}x509: invalid RDNSequence: invalid attribute value: ${wrong}`
  forms.push({
    why: `subject: ${why}`,
    spec: { subject: sequence(der(0x31, sequence(oid('2.5.4.3'), text(tag, value)))) },
    says
  })
}
subject('IA5String', 0x16, 'kubernetes@')
subject('IA5String above ASCII', 0x16, '\u00fc', 'invalid IA5String')
subject('NumericString', 0x12, '12 34')
subject('NumericString with a letter', 0x12, '1a', 'invalid NumericString')
subject('BMPString', 0x1e, '\u0000k')
subject('BMPString with a zero at its end', 0x1e, '\u0000k\u0000\u0000')
subject('BMPString of three bytes', 0x1e, '\u0000k8', 'invalid BMPString')
subject('BMPString with half a pair', 0x1e, '\u00d8\u0000', 'invalid BMPString')

const keyInfo = (why: string, algorithm: readonly Buffer[], bits: readonly Buffer[], says: string): void => {
  forms.push({
    why,
    spec: { keyInfo: sequence(sequence(...algorithm), der(3, ...bits)) },
    says: `${unread}${says}`
  })
}
const whole = Buffer.from([0])
const rsa = [oid('1.2.840.113549.1.1.1'), nothing]
keyInfo(
  'RSA modulus of zero',
  rsa,
  [whole, sequence(integer(0), integer(65537))],
  'x509: RSA modulus is not a positive number'
)
keyInfo(
  'RSA modulus below zero',
  rsa,
  [whole, sequence(integer(-9), integer(65537))],
  'x509: RSA modulus is not a positive number'
)
keyInfo(
  'RSA exponent below zero',
  rsa,
  [whole, sequence(integer(9), integer(-3))],
  'x509: RSA public exponent is not a positive number'
)
const dsa = (...parameters: readonly number[]): Buffer[] => [
  oid('1.2.840.10040.4.1'),
  sequence(...parameters.map(integer))
]
keyInfo('DSA parameter of zero', dsa(7, 0, 2), [whole, integer(4)], 'x509: zero or negative DSA parameter')
keyInfo(
  'DSA parameter below zero',
  dsa(7, 3, -2),
  [whole, integer(4)],
  'x509: zero or negative DSA parameter'
)
keyInfo('DSA key of zero', dsa(7, 3, 2), [whole, integer(0)], 'x509: zero or negative DSA parameter')
const p256 = [oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')]
keyInfo(
  'compressed point',
  p256,
  [Buffer.from([0, 2]), Buffer.alloc(32, 1)],
  'ecdsa: invalid uncompressed public key'
)
keyInfo(
  'point with bits of padding',
  p256,
  [Buffer.from([1, 4]), Buffer.alloc(64, 2)],
  'ecdsa: invalid uncompressed public key'
)
forms.push({
  why: 'point too short',
  spec: { keyInfo: sequence(sequence(...p256), der(3, Buffer.from([0, 4]), Buffer.alloc(63, 1))) },
  says: `${unread}P256 point not on curve`,
  inGo: `${unread}invalid P256 point encoding`
})
const ed25519 = oid('1.3.101.112')
keyInfo(
  'Ed25519 with parameters',
  [ed25519, nothing],
  [Buffer.alloc(33)],
  'x509: Ed25519 key encoded with illegal parameters'
)
keyInfo('Ed25519 of 31 bytes', [ed25519], [Buffer.alloc(32)], 'x509: wrong Ed25519 public key size')

// RFC 4055, section 3.1: digest, generator with its digest, length of the salt, trailer; Go wants them all to
// fit.
const digest = (number: number, ...parameters: readonly Buffer[]): Buffer =>
  sequence(oid(`2.16.840.1.101.3.4.2.${number}`), ...parameters)
const generator = (of: Buffer, id = 8): Buffer => sequence(oid(`1.2.840.113549.1.1.${id}`), of)
const unsupported = `${failed}x509: certificate signed by unknown authority (possibly because of "x509: cannot verify signature: algorithm unimplemented" while trying to verify candidate authority certificate "kubernetes")`
const pss = (why: string, parameters: readonly Buffer[] | undefined, says = unsupported): void => {
  const algorithm = sequence(
    oid('1.2.840.113549.1.1.10'),
    ...(parameters === undefined ? [] : [sequence(...parameters)])
  )
  forms.push({ why: `PSS: ${why}`, by: rsaRoot, spec: { pss: true, algorithm }, says })
}
const sha256 = digest(1, nothing)
const usual = [der(0xa0, sha256), der(0xa1, generator(sha256)), der(0xa2, integer(32))]
pss('usual', usual, '')
pss('no NULL', [der(0xa0, digest(1)), der(0xa1, generator(digest(1))), der(0xa2, integer(32))], '')
pss('the usual trailer', [...usual, der(0xa3, integer(1))], '')
pss('another trailer', [...usual, der(0xa3, integer(2))])
pss('no parameters', undefined)
pss('defaults', [])
pss('a shorter salt', [...usual.slice(0, 2), der(0xa2, integer(20))])
pss('another generator', [der(0xa0, sha256), der(0xa1, generator(sha256, 9)), der(0xa2, integer(32))])
pss('a generator of another digest', [
  der(0xa0, sha256),
  der(0xa1, generator(digest(2, nothing))),
  der(0xa2, integer(32))
])
pss('a digest that Go does not take', [
  der(0xa0, digest(4, nothing)),
  der(0xa1, generator(digest(4, nothing))),
  der(0xa2, integer(28))
])

const wrongKey = `${failed}x509: certificate signed by unknown authority (possibly because of "x509: ECDSA verification failure" while trying to verify candidate authority certificate "kubernetes")`
const ecdsa = (why: string, spoil: (signature: Buffer) => Buffer): void => {
  forms.push({ why: `ECDSA signature: ${why}`, spec: { spoil }, says: wrongKey })
}
ecdsa('no DER', () => Buffer.from([1, 2, 3]))
ecdsa('a byte behind it', (signature) => Buffer.concat([signature, whole]))
ecdsa('a third number', (signature) => sequence(signature.subarray(2), integer(1)))
ecdsa('a number below zero', () => sequence(integer(-1), integer(1)))

const withExtensions = (why: string, says: string, ...extensions: readonly Extension[]): void => {
  forms.push({ why, spec: { extensions: [...extensions] }, says })
}
const access = (value: Buffer): Extension => ({ id: '1.3.6.1.5.5.7.1.1', value })
const ocsp = oid('1.3.6.1.5.5.7.48.1')
withExtensions('authority information', '', dns, access(sequence(sequence(ocsp, text(0x86, 'http://a/')))))
withExtensions(
  'authority information, by directory name',
  '',
  dns,
  access(sequence(sequence(ocsp, der(0xa4))))
)
withExtensions(
  'broken authority information',
  `${unread}x509: invalid authority info access`,
  dns,
  access(sequence(ocsp))
)

// A constraint in the leaf binds nobody, but Go reads it.
const mailboxes: Readonly<Record<string, boolean>> = {
  'a@b.c': true,
  '"a b"@b.c': true,
  '"a@b"@b.c': true,
  '"\\""@b.c': true,
  '\\"a@b.c': true,
  'a@B.c': true,
  '"a\tb"@b.c': false,
  '"\\\n"@b.c': false,
  '"a@b': false,
  '"a@\\': false,
  '"a"b@c': false,
  'a@\\': true, // all of these are printable, and so may be a domain
  'a\\@': false,
  'a..b@c': false,
  'a.@c': false,
  'a b@c': false,
  '@b': false,
  'a@b..c': false,
  'a@b@c': true
}
for (const [mailbox, reads] of Object.entries(mailboxes)) {
  const says = reads ? '' : `${unread}x509: failed to parse rfc822Name constraint ${JSON.stringify(mailbox)}`
  withExtensions(`constraint on mailbox ${mailbox}`, says, dns, extension.constraints([text(0x81, mailbox)]))
}

const uris: Readonly<Record<string, boolean>> = {
  'spiffe://a.b/c': true,
  '*': true,
  'mailto:a': true,
  'a/b:c': true,
  '///a': true,
  '//a/b': true,
  'a?b:c': true,
  'https://a@b@c/': true,
  'https://[fe80::1%25e%20th]/': false, // the blank in the zone is no part of a domain
  'https://[fe80::1%25e%25]/': true,
  'https://[fe80::1%25e%41]/': true,
  'https://[::1]:80/': true,
  'https://[::ffff:1.2.3.4]/': true,
  'https://[1:2:3:4:5:6:7:8]/': true,
  'https://[1:2:3:4:5:6:7::]/': true,
  'https://[1:2:3:4:5:6:7::8]/': false,
  'https://[1::2::3]/': false,
  'https://[1:2]/': false,
  'https://[fffff::]/': false,
  'https://[::1.2.3]/': false,
  'https://[::1.2.3.256]/': false,
  'https://[1.2.3.4::]/': false,
  'https://a:/': true,
  'https://a%25/': true,
  'https://a%c3%bc/': false, // not ASCII
  ':a': false,
  'a b:c': false,
  '#%4': false,
  'https://a%zz@b/': false,
  'https://a b@c/': false,
  'https://[::1/': false,
  'https://[::1]x/': false,
  'https://a[::1]/': false,
  'https://[::1%25]/': false,
  'https://[::1%25%01]/': false,
  'https://[::1%25 ]/': false,
  'https://[%41::1]/': false,
  'https://[1.2.3.4]/': false,
  'https://[::1%zz]/': false,
  'https://a%41/': false,
  'https://a/%4': false
}
for (const [uri, reads] of Object.entries(uris)) {
  const says = reads ? '' : `${unread}x509: cannot parse URI ${JSON.stringify(uri)}`
  withExtensions(`URI ${uri}`, says, extension.names(text(0x82, host), text(0x86, uri)))
}

for (const [uri, inGo] of [
  ['a:b\u0001', '"a:b\\x01"'],
  ['a:b\u007f', '"a:b\\x7f"']
] as const) {
  const says = `${unread}x509: cannot parse URI `
  const extensions = [extension.names(text(0x82, host), text(0x86, uri))]
  forms.push({
    why: `URI ${inGo}`,
    spec: { extensions },
    says: says + JSON.stringify(uri),
    inGo: says + inGo
  })
}

const network = (...octets: readonly number[]): Buffer => der(0x87, Buffer.from(octets))
const networks = (excluded: readonly Buffer[]): Authority =>
  makeAuthority('kubernetes', { extensions: [extension.ca(), extension.constraints([], excluded)] })
const tens = network(10, 0, 0, 0, 255, 0, 0, 0)
const addressed = { extensions: [extension.names(text(0x82, host), der(0x87, Buffer.from([10, 1, 2, 3])))] }
const barred = `${failed}x509: a root or intermediate certificate is not authorized to sign for this name: IP address "10.1.2.3" is excluded by constraint "10.0.0.0/8"`
for (const go of ['1.25', '1.26']) {
  forms.push({ why: `network excluded, Go ${go}`, by: networks([tens]), spec: addressed, says: barred, go })
  forms.push({
    why: `another network excluded, Go ${go}`,
    by: networks([network(11, 0, 0, 0, 255, 0, 0, 0)]),
    spec: addressed,
    says: '',
    go
  })
}

const policy = '1.3.6.1.4.1.1.1'
const { policies, policyConstraints, policyMappings } = extension
const strict = makeAuthority(
  'middle',
  { extensions: [extension.ca(), policies(policy), policyConstraints(0, 0)] },
  root
)
const noPolicy = `${failed}x509: no valid chains built: 1 candidate chains with invalid policies`
for (const [why, from, says] of [
  ['a policy', policy, noPolicy],
  ['another policy', '1.3.6.1.4.1.1.2', '']
] as const) {
  const mapping = makeAuthority(
    'low',
    { extensions: [extension.ca(), policies(policy), policyMappings([from, '1.2.3'])] },
    strict
  )
  const spec = { extensions: [dns, policies(policy)] }
  forms.push({
    why: `${why} is mapped where that is inhibited`,
    by: mapping,
    between: [mapping.der, strict.der],
    spec,
    says
  })
}

const questions = forms.map(({ by = root, between, spec }) => ({
  bundle: between === undefined ? by.der : root.der,
  chain: [issue(by, { key, extensions: [dns], ...spec }), ...(between ?? [])]
}))
/** Go adds what is wrong with a URI; here it is enough to say which URI. */
const withoutDetail = (said: string): string => said.replace(/(cannot parse URI "(?:[^"\\]|\\.)*").*/, '$1')

t.test('says of rare forms what Go says', async (t) => {
  for (const [index, { bundle, chain }] of questions.entries()) {
    const { why = '', says = '', go } = forms[index] ?? {}
    const verdict = judgeTls({
      caBundle: base64(pem(bundle)),
      chain: chain.map((bytes) => pem(bytes)).join(''),
      host,
      at,
      go
    })
    t.equal(verdict.accepted ? '' : withoutDetail(verdict.refusal.go), says, why)
  }
})

const oracle = process.env['ORACLE_GO'] === undefined ? buildOracle() : undefined
t.test('Go says so', { skip: oracle === undefined && 'the newest Go is not installed' }, async (t) => {
  const answers =
    oracle?.(questions.map(({ bundle, chain }) => ({ bundle: Buffer.from(pem(bundle)), chain, host, at }))) ??
    []
  for (const [index, { why, says, inGo = says }] of forms.entries())
    t.equal(withoutDetail(answers[index]?.error ?? 'no answer'), inGo, why)
})
