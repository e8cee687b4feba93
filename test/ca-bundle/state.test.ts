import t from 'tap'
import { assessBundle, type BundleState } from '../../src/ca-bundle/state.js'
import { base64, issue, makeAuthority, pem } from '../support/certificates.js'

const at = new Date('2026-11-24T00:00:00Z')
const first = makeAuthority()
const second = makeAuthority()
const foreign = makeAuthority()
const above = makeAuthority('root')
const subordinate = makeAuthority('kubernetes', {}, above)
const expired = makeAuthority('kubernetes', { notAfter: new Date('2026-01-01T00:00:00Z') })
const text = (...authorities: readonly { der: Buffer }[]): string =>
  authorities.map(({ der }) => pem(der)).join('')
const servedBy = (
  authority: typeof first,
  ...others: readonly Buffer[]
): { chain: string; host: string; of?: 'api-server' } => ({
  chain: [issue(authority), ...others].map((bytes) => pem(bytes)).join(''),
  host: '127.0.0.1'
})

interface Row {
  readonly why: string
  readonly bundle: string | undefined
  readonly current?: string
  readonly former?: string
  readonly source?: string
  readonly served?: { chain: string; host: string; of?: 'api-server' }
  readonly state: BundleState
  readonly because?: RegExp
}

const table: readonly Row[] = [
  { why: 'the one CA', bundle: text(first), state: 'ok' },
  {
    why: 'the one CA, renewed',
    bundle: text(makeAuthority('kubernetes', { key: first.key, serial: Buffer.from([5]) })),
    state: 'ok'
  },
  { why: 'both CAs, other order', bundle: text(second, first), current: text(first, second), state: 'ok' },
  {
    why: 'the one CA and another',
    bundle: text(first, foreign),
    state: 'ok',
    because: /and also CN=kubernetes/
  },
  {
    why: 'one of two',
    bundle: text(first),
    current: text(first, second),
    state: 'incomplete',
    because: /and lacks CN=kubernetes/
  },
  {
    why: 'one of two, which signs',
    bundle: text(first),
    current: text(first, second),
    served: servedBy(first),
    state: 'incomplete'
  },
  {
    why: 'one of two, the other signs',
    bundle: text(first),
    current: text(first, second),
    served: servedBy(second),
    state: 'stale',
    because: /the certificate served now is signed by CN=kubernetes/
  },
  {
    why: 'one of two, and a third signs for the API server beside the webhook',
    bundle: text(first),
    current: text(first, second),
    served: { ...servedBy(foreign), of: 'api-server' },
    state: 'incomplete'
  },
  {
    why: 'the one CA, and another signs',
    bundle: text(first),
    served: servedBy(foreign),
    state: 'stale',
    because: /, but does not accept the certificate served now: the server's certificate CN=leaf/
  },
  {
    why: 'the one CA, and another signs for the API server beside the webhook',
    bundle: text(first),
    served: { ...servedBy(foreign), of: 'api-server' },
    state: 'ok'
  },
  {
    why: 'the CA of the source, and the webhook has not loaded its new certificate',
    bundle: text(second),
    current: text(second),
    source: 'Certificate a/b',
    served: servedBy(first),
    state: 'stale',
    because:
      /^it contains CN=kubernetes.*, current according to Certificate a\/b, but does not accept the certificate served now: /
  },
  {
    why: 'both CAs of a rotation, as cainjector merges them, before the webhook has loaded its new certificate',
    bundle: text(first, second),
    current: text(second),
    source: 'Certificate a/b',
    served: servedBy(first),
    state: 'ok'
  },
  {
    why: 'the former CA, which still signs the served certificate',
    bundle: text(first),
    current: text(second),
    source: 'Certificate a/b',
    served: servedBy(first),
    state: 'incomplete',
    because:
      /^it accepts the certificate served now, but according to Certificate a\/b the current CA is CN=kubernetes.*, and the bundle contains CN=kubernetes/
  },
  {
    why: 'the former CA, which signs no more',
    bundle: text(first),
    current: text(second),
    former: text(first),
    source: 'Certificate a/b',
    served: servedBy(second),
    state: 'stale',
    because: /which was correct until recently, but according to Certificate a\/b the current CA is/
  },
  {
    why: 'the former CA, and nobody could look',
    bundle: text(first),
    current: text(second),
    former: text(first),
    state: 'stale'
  },
  {
    why: 'a different CA than the former',
    bundle: text(foreign),
    current: text(second),
    former: text(first),
    source: 'Certificate a/b',
    state: 'foreign',
    because: /, but according to Certificate a\/b the current CA is CN=kubernetes/
  },
  {
    why: 'the CA above that of the source',
    bundle: text(above),
    current: text(subordinate),
    source: 'Certificate a/b',
    served: servedBy(subordinate, subordinate.der),
    state: 'ok'
  },
  {
    why: 'another CA',
    bundle: text(foreign),
    state: 'foreign',
    because: /but the current CA is CN=kubernetes/
  },
  {
    why: 'another CA, and what is served proves it',
    bundle: text(foreign),
    served: servedBy(first),
    state: 'foreign'
  },
  {
    why: 'the CA above the current one',
    bundle: text(above),
    current: text(subordinate),
    served: servedBy(subordinate, subordinate.der),
    state: 'ok',
    because: /accepts the certificate served now/
  },
  { why: 'nothing', bundle: undefined, state: 'absent' },
  { why: 'an empty text', bundle: '', state: 'absent' },
  {
    why: 'rubbish',
    bundle: 'x',
    state: 'unusable',
    because: /unable to parse bytes as PEM block; there is no PEM block in it/
  },
  {
    why: 'only expired',
    bundle: text(expired),
    current: text(expired),
    state: 'unusable',
    because: /none of its certificates is currently valid; the latest expiry is 2026-01-01T00:00:00Z/
  },
  { why: 'no current CA is known', bundle: text(first), current: '', state: 'unknown' }
]

for (const { why, bundle, current = text(first), former, source, served, state, because = /./ } of table) {
  t.test(why, async (t) => {
    const caBundle = bundle === undefined ? undefined : base64(bundle)
    const assessment = assessBundle({ caBundle, currentCas: current, formerCas: former, source, served, at })
    t.match(assessment, { state, because })
  })
}

t.test('a text that is not base64 is unusable', async (t) => {
  t.match(assessBundle({ caBundle: '%', currentCas: text(first), at }), {
    state: 'unusable',
    because: /not base64/
  })
})
