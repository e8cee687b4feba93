import { createHash } from 'node:crypto'
import t from 'tap'
import { acceptedTexts } from '../../src/ca-bundle/accepted-texts.js'
import { parseBundle } from '../../src/x509/bundle.js'
import { newestGo } from '../../src/x509/go-version.js'
import { judgeTls } from '../../src/x509/judge-tls.js'
import {
  type Authority,
  base64,
  der,
  extension,
  issue,
  makeAuthority,
  makeKey,
  pem,
  serverAuth,
  text
} from '../support/certificates.js'
import { buildOracle } from '../support/go-oracle.js'
import { mutateBytes, mutateText, randomFrom } from '../support/mutations.js'

// FUZZ_COUNT and FUZZ_SEED are set by `npm run fuzz`; without them the same 5,000 are tried every time.
const count = Number(process.env['FUZZ_COUNT'] ?? 5000)
const seed = Number(process.env['FUZZ_SEED'] ?? 1)
const batch = 2500
const oracle = buildOracle()
const skip = oracle === undefined && 'Go is not installed'
const at = new Date('2026-11-24T00:00:00Z')

const identifier = extension.subjectKeyId(Buffer.alloc(20, 7))
const constraints = extension.constraints(
  [text(0x82, 'svc'), der(0x87, Buffer.from([127, 0, 0, 0, 255, 0, 0, 0]))],
  [text(0x82, 'example.com')]
)
const authorities: readonly Authority[] = [
  makeAuthority('kubernetes', {
    extensions: [extension.ca(), extension.keyUsage(0, 5), identifier, extension.dns('kubernetes')]
  }),
  makeAuthority('kubernetes', { key: makeKey.rsa() }),
  makeAuthority('other', {
    extensions: [extension.ca(2), constraints, extension.policies('1.2.3'), extension.policyConstraints(4, 1)]
  }),
  makeAuthority('v1', { version: 1, key: makeKey.ed25519() })
]

function* batches(): Generator<number[]> {
  for (let first = 0; first < count; first += batch) {
    yield Array.from(
      { length: Math.min(batch, count - first) },
      (_, index) => seed * 1_000_003 + first + index
    )
  }
}

t.test('reads the same certificates from a spoilt bundle as Go', { skip, timeout: 3_600_000 }, async (t) => {
  let read = 0
  for (const seeds of batches()) {
    const bundles = seeds.map((seed) => Buffer.from(spoiltBundle(randomFrom(seed)), 'latin1'))
    const answers = oracle?.(bundles.map((bundle) => ({ bundle }))) ?? []
    for (const [index, bundle] of bundles.entries()) {
      const ours = parseBundle(bundle, newestGo).certificates.map(({ raw }) =>
        createHash('sha256').update(raw).digest('hex')
      )
      read += ours.length
      if (JSON.stringify(ours) !== JSON.stringify(answers[index]?.certificates)) {
        t.strictSame(ours, answers[index]?.certificates, `seed ${seeds[index]}: ${bundle.toString('base64')}`)
      }
    }
  }
  t.comment(`${count} bundles, ${read} certificates`)
  t.ok(read > count / 4, 'not everything was spoilt')
})

function spoiltBundle(random: (below: number) => number): string {
  const blocks = Array.from({ length: 1 + random(3) }, () => {
    const bytes = authorities[random(authorities.length)]?.der ?? Buffer.alloc(0)
    return pem(random(2) === 0 ? mutateBytes(bytes, random) : bytes)
  })
  const whole = blocks.join('')

  return random(3) === 0 ? whole : mutateText(whole, random)
}

t.test('says the same of spoilt chains as Go', { skip, timeout: 3_600_000 }, async (t) => {
  const host = 'webhook.default.svc'
  const key = makeKey.ec()
  const chains = authorities.map((authority) => {
    const middle = makeAuthority(
      'middle',
      { extensions: [extension.ca(0), extension.keyUsage(5), extension.authorityKeyId(Buffer.alloc(20, 7))] },
      authority
    )
    const extensions = [
      extension.dns(host, '*.default.svc'),
      extension.usages(serverAuth),
      extension.keyUsage(0),
      extension.policies('1.2.3')
    ]
    return {
      authority,
      middle,
      leaf: issue(middle, { key, extensions }),
      direct: issue(authority, { key, extensions })
    }
  })
  let accepted = 0
  for (const seeds of batches()) {
    const questions = seeds.map((seed) => {
      const random = randomFrom(seed)
      const { authority, middle, leaf, direct } = chains[random(chains.length)] ?? { authority: undefined }
      if (authority === undefined) throw new Error('there is a chain for every number')
      const maybe = (bytes: Buffer): Buffer => (random(3) === 0 ? mutateBytes(bytes, random) : bytes)
      const bundle = [...(random(3) === 0 ? [authorities[random(4)]?.der ?? direct] : []), authority.der]
        .map((bytes) => pem(maybe(bytes)))
        .join('')
      const chain = random(2) === 0 ? [maybe(direct)] : [maybe(leaf), maybe(middle.der)]
      return { bundle: Buffer.from(bundle), chain, host: random(20) === 0 ? 'other.default.svc' : host, at }
    })
    const answers = oracle?.(questions) ?? []
    for (const [index, { bundle, chain, host }] of questions.entries()) {
      const verdict = judgeTls({
        caBundle: base64(bundle),
        chain: chain.map((bytes) => pem(bytes)).join(''),
        host,
        at
      })
      if (verdict.accepted) accepted++
      if (verdict.accepted !== (answers[index]?.error === '')) {
        t.equal(
          verdict.accepted ? '' : verdict.refusal.go,
          answers[index]?.error,
          `seed ${seeds[index]}: ${bundle.toString('base64')} ${chain.map((bytes) => bytes.toString('base64')).join(' ')}`
        )
      }
    }
  }
  t.comment(`${count} chains, ${accepted} accepted`)
  t.ok(accepted > count / 10, 'not everything was spoilt')
})

t.test('accepts only texts that Go reads, and reads as the right certificates', { skip }, async (t) => {
  const hash = ({ der: bytes }: Authority): string => createHash('sha256').update(bytes).digest('hex')
  for (const current of [
    authorities.slice(0, 1),
    authorities.slice(0, 2),
    authorities.slice(0, 3),
    authorities
  ]) {
    const { accepted, complete } = acceptedTexts(current.map(({ der: bytes }) => pem(bytes)).join(''))
    const answers = oracle?.(accepted.map((caBundle) => ({ bundle: Buffer.from(caBundle, 'base64') }))) ?? []
    for (const [index, caBundle] of accepted.entries()) {
      const read = answers[index]?.certificates ?? []
      t.ok(
        read.length > 0 && read.every((sum) => current.some((authority) => hash(authority) === sum)),
        `${current.length} CAs, text ${index}`
      )
      t.equal(complete.includes(caBundle), new Set(read).size === current.length, 'complete or not')
    }
  }
})
