import {
  anyUsage,
  type Authority,
  type CertificateSpec,
  clientAuth,
  der,
  type Extension,
  extension,
  issue,
  type KeyPair,
  makeAuthority,
  makeDer,
  makeKey,
  name,
  oid,
  pem,
  sequence,
  serverAuth,
  text
} from './certificates.js'

/**
 * A server's chain and key, and a bundle. Tests compare the results of Go, kubectl and irsa-guard's own
 * verification.
 */
export interface ChainCase {
  readonly why: string
  readonly bundle: Buffer
  readonly chain: readonly Buffer[]
  readonly key: KeyPair
  readonly host: string
}

const host = 'pod-identity-webhook.kube-system.svc'
const dns = extension.dns(host)
const day = 86_400_000

/** Chains of every kind that verification treats differently; `now` is the time at which to verify them. */
export function makeChainCases(now = new Date()): ChainCase[] {
  const cases: ChainCase[] = []
  const leafKey = makeKey.ec()
  const rsa = makeKey.rsa()
  const root = makeAuthority()
  const ago = new Date(now.getTime() - day)
  const ahead = new Date(now.getTime() + day)
  const bundleOf = (...certificates: readonly Buffer[]): Buffer =>
    Buffer.from(certificates.map((bytes) => pem(bytes)).join(''))
  const add = (
    why: string,
    bundle: readonly Buffer[],
    chain: readonly Buffer[],
    more: { key?: KeyPair; host?: string } = {}
  ): void => {
    cases.push({ why, bundle: bundleOf(...bundle), chain, key: more.key ?? leafKey, host: more.host ?? host })
  }
  const leaf = (by: Authority, spec: Partial<CertificateSpec> = {}): Buffer =>
    issue(by, { key: leafKey, extensions: [dns], ...spec })
  const under = (
    why: string,
    spec: Partial<CertificateSpec>,
    leafSpec: Partial<CertificateSpec> = {},
    key?: KeyPair
  ): void => {
    const by = makeAuthority('kubernetes', spec)
    add(why, [by.der], [leaf(by, { ...leafSpec, ...(key && { key }) })], key && { key })
  }
  const with_ = (why: string, ...extensions: Extension[]): void =>
    add(why, [root.der], [leaf(root, { extensions })])

  // key types and signatures
  under('P-256', {})
  under('RSA 2048', { key: rsa })
  for (const size of [1024, 512]) under(`RSA ${size} CA`, { key: makeKey.rsa(size) })
  for (const curve of ['P-224', 'P-384', 'P-521', 'secp256k1', 'P-192', 'brainpoolP256r1'])
    under(`${curve} CA`, { key: makeKey.ec(curve) })
  under('Ed25519 CA', { key: makeKey.ed25519() })
  under('Ed448 CA', { key: makeKey.ed448() })
  under('RSA-PSS key CA', { key: makeKey.rsaPss() }, { pss: true })
  for (const digest of ['md5', 'sha1', 'sha256', 'sha384', 'sha512'] as const) {
    under(`RSA with ${digest}`, { key: rsa, digest: 'sha256' }, { digest })
    if (digest !== 'md5') under(`ECDSA with ${digest}`, {}, { digest })
    if (digest !== 'md5' && digest !== 'sha1')
      under(`PSS with ${digest}`, { key: rsa }, { digest, pss: true })
  }
  under('root with a SHA-1 self-signature, which is not checked', { key: rsa, digest: 'sha1' })
  const leafKeys = {
    'RSA 2048': rsa,
    'RSA 1024': makeKey.rsa(1024),
    'RSA 4096': makeKey.rsa(4096),
    Ed25519: makeKey.ed25519(),
    'P-384': makeKey.ec('P-384'),
    'P-521': makeKey.ec('P-521'),
    'P-224': makeKey.ec('P-224'),
    Ed448: makeKey.ed448(),
    'RSA-PSS': makeKey.rsaPss(),
    secp256k1: makeKey.ec('secp256k1')
  }
  for (const [kind, key] of Object.entries(leafKeys)) under(`${kind} leaf`, {}, {}, key)
  const tampered = (signature: Buffer): Buffer =>
    Buffer.concat([signature.subarray(0, -1), Buffer.from([(signature.at(-1) ?? 0) ^ 1])])
  add('tampered signature', [root.der], [leaf(root, { spoil: tampered })])
  const rsaRoot: Authority = {
    key: rsa,
    subject: root.subject,
    der: makeAuthority('kubernetes', { key: rsa }).der
  }
  add('tampered signature of an RSA key', [rsaRoot.der], [leaf(rsaRoot, { spoil: tampered })])
  add(
    'signature one byte short',
    [rsaRoot.der],
    [leaf(rsaRoot, { spoil: (signature) => signature.subarray(1) })]
  )
  add('RSA signature, ECDSA issuer', [root.der], [leaf({ ...root, key: rsa })])

  // issuers
  const foreign = makeAuthority()
  add('another CA with the same name', [foreign.der], [leaf(root)])
  add('both CAs with the same name', [foreign.der, root.der], [leaf(root)])
  add('a CA with another name', [makeAuthority('other').der], [leaf(root)])
  add(
    'the same name as PrintableString',
    [makeAuthority('kubernetes', { key: root.key, subject: name('kubernetes', 0x13) }).der],
    [leaf(root)]
  )
  add(
    'the same name with different capitalization',
    [makeAuthority('Kubernetes', { key: root.key }).der],
    [leaf(root)]
  )
  add(
    'renewed CA, same key',
    [makeAuthority('kubernetes', { key: root.key, serial: Buffer.from([7]) }).der],
    [leaf(root)]
  )
  const id = Buffer.from('0102030405060708', 'hex')
  add(
    'key identifiers agree',
    [
      makeAuthority('kubernetes', { key: root.key, extensions: [extension.ca(), extension.subjectKeyId(id)] })
        .der
    ],
    [leaf(root, { extensions: [dns, extension.authorityKeyId(id)] })]
  )
  add(
    'key identifiers disagree',
    [
      makeAuthority('kubernetes', { key: root.key, extensions: [extension.ca(), extension.subjectKeyId(id)] })
        .der
    ],
    [leaf(root, { extensions: [dns, extension.authorityKeyId(Buffer.from([1]))] })]
  )
  const self = makeDer({ key: leafKey, extensions: [dns] })
  add('self-signed serving certificate as its own CA', [self], [self])
  add('self-signed serving certificate, not in the bundle', [root.der], [self])
  const signed = leaf(root)
  add('the CA-signed leaf itself in the bundle', [signed], [signed])
  const expiredSelf = makeDer({ key: leafKey, extensions: [dns], notAfter: ago })
  add('expired self-signed certificate in the bundle', [expiredSelf], [expiredSelf])
  const clientSelf = makeDer({ key: leafKey, extensions: [dns, extension.usages(clientAuth)] })
  add('self-signed for clients only, in the bundle', [clientSelf], [clientSelf])

  // intermediates
  const middle = makeAuthority('middle', {}, root)
  const low = makeAuthority('low', {}, middle)
  add('intermediate sent', [root.der], [leaf(middle), middle.der])
  add('intermediate not sent', [root.der], [leaf(middle)])
  add('intermediate is the anchor', [middle.der], [leaf(middle)])
  add('intermediate is the anchor and sent', [middle.der], [leaf(middle), middle.der])
  add('root and intermediate in the bundle', [root.der, middle.der], [leaf(middle)])
  add('two intermediates, in order', [root.der], [leaf(low), low.der, middle.der])
  add('two intermediates, out of order', [root.der], [leaf(low), middle.der, low.der])
  add('root sent as well', [root.der], [leaf(middle), middle.der, root.der])
  add('unrelated certificates sent', [root.der], [leaf(middle), foreign.der, middle.der])
  for (const [why, extensions] of [
    ['no basic constraints', [extension.keyUsage(5)]],
    ['CA:FALSE', [extension.notCa()]],
    ['no certSign', [extension.ca(), extension.keyUsage(0, 2)]],
    ['no key usage', [extension.ca()]],
    [
      'key usage without bits',
      [extension.ca(), { id: '2.5.29.15', critical: true, value: der(0x03, Buffer.from([0])) }]
    ],
    ['encipherOnly and certSign', [extension.ca(), extension.keyUsage(5, 8)]],
    ['decipherOnly', [extension.ca(), extension.keyUsage(8)]],
    ['path length 0', [extension.ca(0)]],
    ['path length 1', [extension.ca(1)]]
  ] as const) {
    under(`root: ${why}`, { extensions })
    const between = makeAuthority('middle', { extensions }, root)
    add(`intermediate: ${why}`, [root.der], [leaf(between), between.der])
    add(`intermediate as anchor: ${why}`, [between.der], [leaf(between)])
    const above = makeAuthority('kubernetes', { extensions })
    const child = makeAuthority('middle', {}, above)
    const grandchild = makeAuthority('low', {}, child)
    add(`root: ${why}, one intermediate`, [above.der], [leaf(child), child.der])
    add(`root: ${why}, two intermediates`, [above.der], [leaf(grandchild), child.der, grandchild.der])
  }
  under('X.509 v1 root', { version: 1 })
  under('X.509 v2 root', { version: 2 })
  const versionOne = makeAuthority('middle', { version: 1 }, root)
  add('X.509 v1 intermediate', [root.der], [leaf(versionOne), versionOne.der])
  const crossed = makeAuthority('other root')
  const cross = makeDer({
    key: root.key,
    subject: root.subject,
    issuer: crossed.subject,
    signer: crossed.key,
    extensions: [extension.ca()]
  })
  add('cross-signed, the new root is the anchor', [crossed.der], [leaf(root), cross])
  add('cross-signed, the old root is the anchor', [root.der], [leaf(root), cross])
  add(
    'two roots that sign each other',
    [crossed.der],
    [
      leaf(root),
      cross,
      makeDer({
        key: crossed.key,
        subject: crossed.subject,
        issuer: root.subject,
        signer: root.key,
        extensions: [extension.ca()]
      })
    ]
  )
  const looped = makeDer({
    key: root.key,
    subject: root.subject,
    issuer: crossed.subject,
    signer: crossed.key,
    extensions: [extension.ca()]
  })
  add(
    'a loop without an anchor',
    [foreign.der],
    [
      leaf(root),
      looped,
      makeDer({
        key: crossed.key,
        subject: crossed.subject,
        issuer: root.subject,
        signer: root.key,
        extensions: [extension.ca()]
      })
    ]
  )
  const namesakes = Array.from({ length: 100 }, () => makeAuthority().der)
  add('100 CAs with the same name, then the correct one', [...namesakes, root.der], [leaf(root)])
  add('99 CAs with the same name, then the correct one', [...namesakes.slice(1), root.der], [leaf(root)])
  add(
    '100 CAs with the same name, then the correct one with a matching key identifier',
    [
      ...namesakes,
      makeAuthority('kubernetes', { key: root.key, extensions: [extension.ca(), extension.subjectKeyId(id)] })
        .der
    ],
    [leaf(root, { extensions: [dns, extension.authorityKeyId(id)] })]
  )

  // time
  under('root expired', { notAfter: ago })
  under('root not yet valid', { notBefore: ahead })
  under('leaf expired', {}, { notAfter: ago })
  under('leaf not yet valid', {}, { notBefore: ahead })
  under('valid until after 2050', { notAfter: new Date('2099-01-01T00:00:00Z') })
  under('valid since before 1950', { notBefore: new Date('1930-01-01T00:00:00Z') })
  const old = makeAuthority('middle', { notAfter: ago }, root)
  add('intermediate expired', [root.der], [leaf(old), old.der])
  add(
    'expired CA with the same name first, valid CA second',
    [makeAuthority('kubernetes', { key: root.key, notAfter: ago }).der, root.der],
    [leaf(root)]
  )
  add(
    'valid CA first, expired CA with the same name second',
    [root.der, makeAuthority('kubernetes', { key: root.key, notAfter: ago }).der],
    [leaf(root)]
  )
  add(
    'expired anchor, and a CA with the same name that did not sign',
    [makeAuthority('kubernetes', { key: root.key, notAfter: ago }).der, foreign.der],
    [leaf(root)]
  )

  // extended key usages
  for (const [why, usages] of [
    ['server', [serverAuth]],
    ['client', [clientAuth]],
    ['any', [anyUsage]],
    ['client and server', [clientAuth, serverAuth]],
    ['unknown', ['1.2.3.4']]
  ] as const) {
    under(`leaf for ${why}`, {}, { extensions: [dns, extension.usages(...usages)] })
    under(`root for ${why}`, { extensions: [extension.ca(), extension.usages(...usages)] })
    const between = makeAuthority(
      'middle',
      { extensions: [extension.ca(), extension.usages(...usages)] },
      root
    )
    add(`intermediate for ${why}`, [root.der], [leaf(between), between.der])
  }

  // host names
  const named = (why: string, names: Extension, wanted = host): void =>
    add(why, [root.der], [leaf(root, { extensions: [names] })], { host: wanted })
  for (const pattern of [
    '*.kube-system.svc',
    '*.svc',
    '*',
    'POD-identity-webhook.KUBE-system.svc',
    `${host}.`,
    'pod-*.kube-system.svc',
    `${host}.cluster.local`,
    'other.kube-system.svc',
    '',
    '.',
    `.${host}`,
    '*.*.svc',
    `-${host}`,
    '*..svc',
    'pod_identity',
    'ünïcode'
  ]) {
    named(`DNS name "${pattern}"`, extension.dns(pattern))
  }
  named('second of two names', extension.dns('other', host))
  named('underscore', extension.dns('a_b.svc'), 'a_b.svc')
  named('host in capitals', dns, host.toUpperCase())
  named('127.0.0.1 as IP', extension.ip([127, 0, 0, 1]), '127.0.0.1')
  named('127.0.0.1 as DNS name', extension.dns('127.0.0.1'), '127.0.0.1')
  named('127.0.0.2 as IP', extension.ip([127, 0, 0, 2]), '127.0.0.1')
  named(
    '127.0.0.1 as an IPv4-mapped IPv6 address',
    extension.ip([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1]),
    '127.0.0.1'
  )
  named(
    'only an IPv6 address',
    extension.ip([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    '127.0.0.1'
  )
  named('IP address of five bytes', extension.ip([127, 0, 0, 0, 1]), '127.0.0.1')
  named('IP address and DNS name', extension.names(text(0x82, host), der(0x87, Buffer.from([127, 0, 0, 1]))))
  named('150 names', extension.dns(...Array.from({ length: 150 }, (_, index) => `name-${index}`)))
  named(
    '150 addresses',
    extension.ip(...Array.from({ length: 150 }, (_, index) => [10, 0, 0, index])),
    '127.0.0.1'
  )
  add('no names at all', [root.der], [leaf(root, { extensions: [] })])
  add('only a common name', [root.der], [leaf(root, { extensions: [], subject: name(host) })])
  named('only an email address', extension.names(text(0x81, 'a@example.com')))
  named('an empty list of names', extension.names())
  named('only a directory name, critical', { ...extension.names(der(0xa4, name('x'))), critical: true })

  // name constraints
  const constrained = (why: string, constraints: Extension, names: Extension = dns): void => {
    const by = makeAuthority('kubernetes', { extensions: [extension.ca(), constraints] })
    add(`constraint: ${why}`, [by.der], [leaf(by, { extensions: [names] })])
    const between = makeAuthority('middle', { extensions: [extension.ca(), constraints] }, root)
    add(
      `constraint of an intermediate: ${why}`,
      [root.der],
      [leaf(between, { extensions: [names] }), between.der]
    )
  }
  const dnsBase = (value: string): Buffer => text(0x82, value)
  const ipBase = (...bytes: readonly number[]): Buffer => der(0x87, Buffer.from(bytes))
  for (const base of [
    'svc',
    '.svc',
    'example.com',
    'SVC',
    '',
    host,
    `.${host}`,
    'system.svc',
    'kube-system.svc',
    'svc.',
    '..svc',
    'a b'
  ]) {
    constrained(`permitted "${base}"`, extension.constraints([dnsBase(base)]))
    constrained(`excluded "${base}"`, extension.constraints([], [dnsBase(base)]))
  }
  const mixed = (...names: readonly Buffer[]): Extension => extension.names(dnsBase(host), ...names)
  constrained(
    'a second name outside the permitted subtree',
    extension.constraints([dnsBase('svc')]),
    extension.dns(host, 'example.com')
  )
  constrained(
    'excluded sibling of a wildcard',
    extension.constraints([], [dnsBase('secret.kube-system.svc')]),
    extension.dns('*.kube-system.svc', host)
  )
  constrained(
    'permitted below a wildcard',
    extension.constraints([dnsBase('secret.kube-system.svc')]),
    extension.dns('*.kube-system.svc')
  )
  constrained('permitted and excluded', extension.constraints([dnsBase('svc')], [dnsBase('kube-system.svc')]))
  constrained('permitted address only, DNS leaf', extension.constraints([ipBase(10, 0, 0, 0, 255, 0, 0, 0)]))
  constrained(
    'address within',
    extension.constraints([ipBase(10, 0, 0, 0, 255, 0, 0, 0)]),
    mixed(ipBase(10, 1, 2, 3))
  )
  constrained(
    'address outside',
    extension.constraints([ipBase(10, 0, 0, 0, 255, 0, 0, 0)]),
    mixed(ipBase(11, 1, 2, 3))
  )
  constrained(
    'address excluded',
    extension.constraints([], [ipBase(10, 0, 0, 0, 255, 0, 0, 0)]),
    mixed(ipBase(10, 1, 2, 3))
  )
  constrained(
    'address in the second network',
    extension.constraints([ipBase(10, 0, 0, 0, 255, 255, 0, 0), ipBase(10, 2, 0, 0, 255, 255, 0, 0)]),
    mixed(ipBase(10, 2, 2, 3))
  )
  constrained(
    'network with host bits',
    extension.constraints([ipBase(10, 0, 0, 0, 255, 255, 255, 0), ipBase(10, 0, 5, 0, 255, 0, 0, 0)]),
    mixed(ipBase(10, 0, 1, 1))
  )
  constrained('mask with holes', extension.constraints([ipBase(10, 0, 0, 0, 255, 0, 255, 0)]))
  constrained('network of five bytes', extension.constraints([ipBase(10, 0, 0, 0, 255)]))
  const v6 = (last: number): readonly number[] => [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]
  constrained(
    'IPv6 within',
    extension.constraints([ipBase(...v6(0), ...Array<number>(8).fill(255), ...Array<number>(8).fill(0))]),
    mixed(ipBase(...v6(1)))
  )
  constrained(
    'IPv6 outside',
    extension.constraints([ipBase(...v6(0), ...Array<number>(16).fill(255))]),
    mixed(ipBase(...v6(1)))
  )
  for (const base of [
    'a@example.com',
    'example.com',
    '.example.com',
    'A@example.com',
    'other.com',
    '"a b"@example.com',
    '@example.com',
    'a@b@c'
  ]) {
    for (const mailbox of [
      'a@example.com',
      'a@sub.EXAMPLE.com',
      '"a"@example.com',
      'broken',
      'a@',
      '\\a@example.com',
      '.a@example.com'
    ]) {
      constrained(
        `mailbox ${mailbox} under ${base}`,
        extension.constraints([text(0x81, base)]),
        mixed(text(0x81, mailbox))
      )
    }
    constrained(
      `mailbox excluded by ${base}`,
      extension.constraints([], [text(0x81, base)]),
      mixed(text(0x81, 'a@example.com'))
    )
  }
  for (const uri of [
    'spiffe://example.com/a',
    'spiffe://sub.example.com/a',
    'spiffe://EXAMPLE.com:443/a',
    'https://10.0.0.1/',
    'https://[::1]/',
    'https://[::1]:8/',
    'mailto:a@example.com',
    'spiffe:///path',
    'https://a:b:c/',
    'redis://a:1,b:2/',
    'https://exa mple.com',
    'https://example.com/%zz',
    'https://example.com/%20#%41',
    '::',
    'a:b',
    '//example.com/x',
    'https://u:p@example.com/',
    'https://u[@example.com/',
    'https://example..com/',
    'https://example.com./',
    'https://example%41.com/',
    'https://[fe80::1%25eth0]/',
    'https://[1.2.3.4]/',
    '*',
    'https://exam<ple>.com/',
    'http://example.com:80x/',
    'https://example.com:/'
  ]) {
    constrained(`URI ${uri}`, extension.constraints([text(0x86, 'example.com')]), mixed(text(0x86, uri)))
    constrained(
      `URI ${uri} excluded`,
      extension.constraints([], [text(0x86, '.example.com')]),
      mixed(text(0x86, uri))
    )
  }
  constrained('URI constraint that is an address', extension.constraints([text(0x86, '10.0.0.1')]))
  constrained('directory name, critical', extension.constraints([der(0xa4, name('x'))]))
  constrained('directory name, not critical', extension.constraints([der(0xa4, name('x'))], [], false))
  constrained('empty', { id: '2.5.29.30', critical: true, value: sequence() })
  constrained('not critical', extension.constraints([dnsBase('example.com')], [], false))
  const below = makeAuthority(
    'middle',
    { extensions: [extension.ca(), dns] },
    makeAuthority('kubernetes', {
      key: root.key,
      extensions: [extension.ca(), extension.constraints([dnsBase('example.com')])]
    })
  )
  add(
    'constraint on a name of the intermediate',
    [
      makeAuthority('kubernetes', {
        key: root.key,
        extensions: [extension.ca(), extension.constraints([dnsBase('example.com')])]
      }).der
    ],
    [leaf(below, { extensions: [extension.dns('a.example.com')] }), below.der],
    { host: 'a.example.com' }
  )

  // policies
  const policy = '1.3.6.1.4.1.1.1'
  const otherPolicy = '1.3.6.1.4.1.1.2'
  const anyPolicy = '2.5.29.32.0'
  const governed = (
    why: string,
    rootExtensions: readonly Extension[],
    middleExtensions: readonly Extension[],
    leafExtensions: readonly Extension[]
  ): void => {
    const top = makeAuthority('kubernetes', { extensions: [extension.ca(), ...rootExtensions] })
    const one = makeAuthority('middle', { extensions: [extension.ca(), ...middleExtensions] }, top)
    const two = makeAuthority('low', { extensions: [extension.ca(), ...middleExtensions] }, one)
    add(`policies: ${why}`, [top.der], [leaf(one, { extensions: [dns, ...leafExtensions] }), one.der])
    add(
      `policies: ${why}, deeper`,
      [top.der],
      [leaf(two, { extensions: [dns, ...leafExtensions] }), one.der, two.der]
    )
  }
  const { policies, policyConstraints, policyMappings, inhibitAnyPolicy } = extension
  governed('none', [], [], [])
  governed('required, but none present', [], [policyConstraints(0)], [])
  governed('required by the root, which is ignored', [policyConstraints(0)], [], [])
  governed('required after one certificate', [], [policies(policy), policyConstraints(1)], [])
  governed('required and present', [], [policies(policy), policyConstraints(0)], [policies(policy)])
  governed(
    'required, but another one present',
    [],
    [policies(policy), policyConstraints(0)],
    [policies(otherPolicy)]
  )
  governed(
    'anyPolicy in the intermediate',
    [],
    [policies(anyPolicy), policyConstraints(0)],
    [policies(policy)]
  )
  governed('anyPolicy in the leaf', [], [policies(policy), policyConstraints(0)], [policies(anyPolicy)])
  governed(
    'anyPolicy in the leaf, inhibited',
    [],
    [policies(policy), policyConstraints(0), inhibitAnyPolicy(0)],
    [policies(anyPolicy)]
  )
  governed(
    'anyPolicy in the intermediate, inhibited later',
    [],
    [policies(anyPolicy), policyConstraints(0), inhibitAnyPolicy(1)],
    [policies(anyPolicy)]
  )
  governed(
    'mapped',
    [],
    [policies(policy), policyConstraints(0), policyMappings([policy, otherPolicy])],
    [policies(otherPolicy)]
  )
  governed(
    'mapped, but not used',
    [],
    [policies(policy), policyConstraints(0), policyMappings([policy, otherPolicy])],
    [policies(policy)]
  )
  governed(
    'mapping inhibited',
    [],
    [policies(policy), policyConstraints(0, 0), policyMappings([policy, otherPolicy])],
    [policies(otherPolicy)]
  )
  governed(
    'mapping of anyPolicy',
    [],
    [policies(policy), policyConstraints(0), policyMappings([anyPolicy, otherPolicy])],
    [policies(otherPolicy)]
  )
  governed(
    'mapping under anyPolicy',
    [],
    [policies(anyPolicy), policyConstraints(0), policyMappings([policy, otherPolicy])],
    [policies(otherPolicy)]
  )
  governed('required by the leaf', [], [], [policyConstraints(0)])
  governed('the same policy twice', [], [policies(policy, policy)], [])

  // certificates that Go's parser might reject
  with_('unknown extension', dns, { id: '1.2.3.4', value: der(0x05) })
  with_('unknown critical extension', dns, { id: '1.2.3.4', critical: true, value: der(0x05) })
  with_('the same extension twice', dns, dns)
  with_('critical subject key identifier', dns, { ...extension.subjectKeyId(id), critical: true })
  with_('critical authority key identifier', dns, { ...extension.authorityKeyId(id), critical: true })
  with_('critical authority information', dns, { id: '1.3.6.1.5.5.7.1.1', critical: true, value: sequence() })
  with_('broken CRL distribution points', dns, { id: '2.5.29.31', value: sequence(der(0x04)) })
  with_('CRL distribution points', dns, {
    id: '2.5.29.31',
    value: sequence(sequence(der(0xa0, der(0xa0, text(0x86, 'http://a/crl')))))
  })
  with_('broken names', { id: '2.5.29.17', value: der(0x04) })
  with_('broken key usage', dns, { id: '2.5.29.15', value: Buffer.from([3, 2, 9, 0]) })
  with_('issuer alternative name, critical', dns, { id: '2.5.29.18', critical: true, value: sequence() })
  for (const [why, serial] of [
    ['negative', [0x80]],
    ['zero', [0]],
    ['negative long', [0xff, 0x01]],
    ['padded', [0, 1]],
    ['empty', []],
    ['30 bytes', Array<number>(30).fill(1)]
  ] as const) {
    under(`serial: ${why} in the leaf`, {}, { serial: Buffer.from(serial) })
    under(`serial: ${why} in the root`, { serial: Buffer.from(serial) })
    add(
      `serial: ${why} in a second certificate of the bundle`,
      [makeAuthority('x', { serial: Buffer.from(serial) }).der, root.der],
      [leaf(root)]
    )
  }
  under('version 4', {}, { version: 4 })
  under('trailing byte in the root', { trailing: Buffer.from([0]) })
  under('another algorithm outside the signed part', { outerAlgorithm: sequence(oid('1.2.840.10045.4.3.3')) })
  under('subject in T.61', {
    subject: sequence(der(0x31, sequence(oid('2.5.4.3'), text(0x14, 'k\u00fcbernetes'))))
  })
  under('subject in UniversalString', {
    subject: sequence(der(0x31, sequence(oid('2.5.4.3'), text(0x1c, 'abcd'))))
  })
  under('subject in BMPString', {
    subject: sequence(der(0x31, sequence(oid('2.5.4.3'), text(0x1e, '\u0000k\u00008'))))
  })
  under('subject in bad UTF-8', {
    subject: sequence(der(0x31, sequence(oid('2.5.4.3'), text(0x0c, '\u00ff'))))
  })
  under('subject with @ as PrintableString', {
    subject: sequence(der(0x31, sequence(oid('2.5.4.3'), text(0x13, 'a@b'))))
  })
  under('empty subject', { subject: sequence() })
  under('RSA key without NULL', {
    key: rsa,
    keyInfo: sequence(sequence(oid('1.2.840.113549.1.1.1')), der(0x03, Buffer.from([0, 0])))
  })
  under('point not on the curve', {
    keyInfo: sequence(
      sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')),
      der(0x03, Buffer.from([0, 4]), Buffer.alloc(64, 1))
    )
  })
  under('X25519 key', {
    keyInfo: sequence(sequence(oid('1.3.101.110')), der(0x03, Buffer.from([0]), Buffer.alloc(32, 1)))
  })
  under('DSA key', {
    keyInfo: sequence(
      sequence(
        oid('1.2.840.10040.4.1'),
        sequence(der(2, Buffer.from([7])), der(2, Buffer.from([3])), der(2, Buffer.from([2])))
      ),
      der(0x03, Buffer.from([0]), der(2, Buffer.from([4])))
    )
  })
  add('no chain from the server', [root.der], [])
  cases.push({
    why: 'no certificate in the bundle',
    bundle: Buffer.from('nothing'),
    chain: [leaf(root)],
    key: leafKey,
    host
  })

  return cases
}
