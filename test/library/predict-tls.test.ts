import t from 'tap'
import { predictTls } from '../../src/library/index.js'
import {
  base64,
  type CertificateSpec,
  extension,
  issue,
  makeAuthority,
  makeKey,
  pem
} from '../support/certificates.js'

const at = new Date('2026-11-24T00:00:00Z')
const ca = makeAuthority()
const host = '127.0.0.1'
const chainOf = (spec: Partial<CertificateSpec> = {}, by = ca): string => pem(issue(by, spec))
const trusting = base64(pem(ca.der))
const chain = chainOf()

t.test('accepts', async (t) => {
  t.strictSame(predictTls({ caBundle: trusting, chain, host, at }), { accepted: true, findings: [] })
  const bundle = pem(ca.der) + pem(Buffer.from('x'), 'PRIVATE KEY')
  t.match(predictTls({ caBundle: base64(bundle), chain, host, at }), {
    accepted: true,
    findings: [
      {
        rule: 'ca-bundle-holds-private-key',
        severity: 'warning',
        field: 'clientConfig.caBundle',
        docs: 'https://irsa-guard.io/v0.1.0/rules/ca-bundle-holds-private-key'
      }
    ]
  })
})

const rsa = makeKey.rsa()
const imposter = makeAuthority()
const weak = makeAuthority('kubernetes', { key: makeKey.rsa(512) })
const middle = makeAuthority('middle', { extensions: [extension.notCa()] }, ca)
const limited = makeAuthority('kubernetes', { extensions: [extension.ca(0)] })
const below = makeAuthority('middle', {}, limited)
const bundle = (...authorities: readonly { der: Buffer }[]): string =>
  base64(authorities.map(({ der }) => pem(der)).join(''))

/** Bundle, chain, and the reason in plain words; host and Go's version where they matter. */
const refusals: readonly (readonly [
  why: string,
  caBundle: string,
  chain: string,
  reason: RegExp,
  more?: { host?: string; go?: string }
])[] = [
  ['empty bundle', '', chain, /root CAs of its own system/],
  ['not base64', '%', chain, /not base64/],
  [
    'unusable',
    base64('x'),
    chain,
    /cannot use any certificate in the caBundle \(unable to load root certificates: unable to parse bytes as PEM block\)/
  ],
  ['no chain', trusting, '', /sends no certificate/],
  [
    'chain of another kind',
    trusting,
    pem(Buffer.from('x')),
    /Go cannot parse a certificate that the server sends \(tls: failed to parse certificate from server: x509: malformed certificate\)/
  ],
  ['chain too large', trusting, pem(Buffer.alloc(300_000)), /more than 256 KiB/],
  [
    'same name, other key',
    bundle(makeAuthority()),
    chain,
    /is signed by a different key: the caBundle contains CN=kubernetes \(SHA-256 .*which has the issuer's name but not the issuer's key/
  ],
  [
    'other name',
    bundle(makeAuthority('other')),
    chain,
    /is signed by CN=kubernetes, but neither the caBundle nor the server's chain contains a certificate with that name/
  ],
  [
    'no CA',
    bundle(makeAuthority('kubernetes', { extensions: [extension.notCa()] })),
    chain,
    /is not allowed to sign others \(basic constraints or key usage\)/
  ],
  [
    'intermediate that is no CA',
    trusting,
    chainOf({}, middle) + pem(middle.der),
    /names CN=middle .* as its issuer, but that certificate is not allowed to sign others/
  ],
  [
    'version 1 in between',
    trusting,
    ((old) => chainOf({}, old) + pem(old.der))(makeAuthority('middle', { version: 1 }, ca)),
    /the intermediate certificate CN=middle .* but is not a CA/
  ],
  [
    'SHA-1',
    bundle(makeAuthority('kubernetes', { key: rsa })),
    chainOf({ signer: rsa, digest: 'sha1' }),
    /signed with SHA-1 or MD5/
  ],
  [
    'Ed448',
    bundle(makeAuthority('kubernetes', { key: makeKey.ed448() })),
    chain,
    /is signed by CN=kubernetes; CN=kubernetes \(SHA-256 .*\) has that name, but Go cannot use it: its key type is not supported/
  ],
  [
    'same name, other key, as the server sends it',
    bundle(makeAuthority('other')),
    chain + pem(makeAuthority().der),
    /is signed by a different key: the server's chain contains CN=kubernetes \(SHA-256 .*which has the issuer's name but not the issuer's key/
  ],
  [
    'same name, other key, in both',
    bundle(imposter),
    chain + pem(imposter.der),
    /is signed by a different key: the caBundle contains CN=kubernetes/
  ],
  ['short key', bundle(weak), chainOf({}, weak), /smaller than 1,024 bits, which Go 1\.24 and later reject/],
  [
    'path too long',
    bundle(limited),
    pem(issue(makeAuthority('low', {}, below))) + pem(below.der),
    /neither the caBundle nor/
  ],
  [
    'path too long, all sent',
    bundle(limited),
    ((low) => chainOf({}, low) + pem(low.der) + pem(below.der))(makeAuthority('low', {}, below)),
    /the caBundle certificate CN=kubernetes .* allows fewer intermediate certificates/
  ],
  [
    'expired',
    trusting,
    chainOf({ notAfter: new Date('2026-11-23T00:00:00Z') }),
    /the server's certificate CN=leaf .* expired at 2026-11-23T00:00:00Z/
  ],
  [
    'not yet valid',
    trusting,
    chainOf({ notBefore: new Date('2026-11-25T00:00:00Z') }),
    /not valid before 2026-11-25T00:00:00Z/
  ],
  [
    'other name',
    trusting,
    chainOf({ extensions: [extension.dns('a', 'b', 'c', 'd', 'e', 'f')] }),
    /is not valid for webhook\.svc: it is for a, b, c, d, e and 1 more/,
    { host: 'webhook.svc' }
  ],
  ['common name only', trusting, chainOf({ extensions: [] }), /has only a common name/],
  ['no names', trusting, chainOf({ extensions: [extension.names()] }), /no DNS name and no IP address/],
  [
    'critical extension',
    trusting,
    chainOf({ extensions: [{ id: '1.2.3.4', critical: true, value: Buffer.alloc(0) }] }),
    /critical extension that Go does not support: 1\.2\.3\.4/
  ],
  [
    'usage',
    trusting,
    chainOf({ extensions: [extension.ip([127, 0, 0, 1]), extension.usages('1.2.3')] }),
    /has extended key usages, but not server authentication/
  ],
  [
    'P-224',
    trusting,
    chainOf({ key: makeKey.ec('P-224') }),
    /key type that Go's TLS client does not support/
  ],
  ['Ed448 leaf', trusting, chainOf({ key: makeKey.ed448() }), /key type/],
  [
    'short leaf key',
    trusting,
    chainOf({ key: makeKey.rsa(512) }),
    /smaller than 1,024 bits, which Go 1.24 and later/
  ]
]

for (const [why, caBundle, served, reason, more] of refusals) {
  t.test(`refuses: ${why}`, async (t) => {
    const prediction = predictTls({ caBundle, chain: served, host, at, ...more })
    t.match(prediction, { accepted: false, reason })
    t.ok(!prediction.reason?.includes('\n'), 'one line')
  })
}

t.test('never throws, whatever is asked', (t) => {
  t.match(predictTls({ chain, host, at }), {
    accepted: false,
    reason: /^the caBundle is empty/,
    findings: [{ rule: 'ca-bundle-untrusted' }]
  })
  t.equal(predictTls({ caBundle: trusting, chain, host }).accepted, true, 'now, unless told otherwise')
  const odd = [undefined, null, 1, NaN, true, {}, [], Symbol.iterator, () => 1, 'x', new Date(NaN), 10n]
  for (const key of ['caBundle', 'chain', 'host', 'at', 'go'])
    for (const value of odd) {
      // Callers without types can pass anything.
      const question = { caBundle: trusting, chain, host, at, [key]: value } as unknown as {
        chain: string
        host: string
      }
      t.type(predictTls(question).accepted, 'boolean', `${key}: ${typeof value}`)
    }
  for (const question of odd)
    t.match(predictTls(question as { chain: string; host: string }), { accepted: false, reason: String })
  t.match(predictTls({ caBundle: 1 as unknown as string, chain, host, at }), { reason: /not base64/ })
  t.end()
})

t.test('tells the rule when the bundle is at fault', async (t) => {
  const rulesOf = (caBundle: string): string[] =>
    predictTls({ caBundle, chain, host, at }).findings.map(({ rule }) => rule)
  t.strictSame(rulesOf(bundle(makeAuthority())), ['ca-bundle-untrusted'])
  t.strictSame(rulesOf(''), ['ca-bundle-untrusted'])
  t.strictSame(rulesOf(base64('x')), ['ca-bundle-unusable'])
  t.strictSame(
    rulesOf(bundle(makeAuthority('kubernetes', { key: ca.key, notAfter: new Date('2026-01-01T00:00:00Z') }))),
    ['ca-bundle-expired']
  )
  t.strictSame(
    predictTls({ caBundle: trusting, chain, host: 'other', at }).findings,
    [],
    "the server's certificate is at fault"
  )
})

t.test('follows the version of Go', async (t) => {
  const accepted = (go: string | undefined, caBundle: string, served: string): boolean =>
    predictTls({ caBundle, chain: served, host, at, go }).accepted
  const negative = makeAuthority('kubernetes', { serial: Buffer.from([0x80]) })
  t.strictSame(
    ['1.22', '1.23', 'go1.24.3', undefined].map((go) =>
      accepted(go, bundle(negative), chainOf({}, negative))
    ),
    [true, false, false, false]
  )
  t.strictSame(
    ['1.23', '1.24', undefined].map((go) => accepted(go, bundle(weak), chainOf({}, weak))),
    [true, false, false]
  )
})
