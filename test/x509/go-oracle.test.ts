import t from 'tap'
import { judgeTls } from '../../src/x509/judge-tls.js'
import { base64, pem } from '../support/certificates.js'
import { makeChainCases } from '../support/chain-cases.js'
import { buildOracle } from '../support/go-oracle.js'

const oracle = buildOracle()
const go = process.env['ORACLE_GO']

/** Go adds what is wrong with a URI; here it is enough to say which URI. */
const withoutDetail = (text: string): string => text.replace(/(cannot parse URI (?:host )?"[^"]*").*/, '$1')

t.test(
  'says of chains what Go says, in the same words',
  { skip: oracle === undefined && 'Go is not installed' },
  async (t) => {
    const at = new Date(Math.floor(Date.now() / 1000) * 1000)
    const cases = makeChainCases(at)
    const answers = oracle?.(cases.map(({ bundle, chain, host }) => ({ bundle, chain, host, at }))) ?? []
    for (const [index, { why, bundle, chain, host }] of cases.entries()) {
      const verdict = judgeTls({
        caBundle: base64(bundle),
        chain: chain.map((bytes) => pem(bytes)).join(''),
        host,
        at,
        go
      })
      const said = verdict.accepted ? '' : verdict.refusal.go
      // The program only verifies; with this key the handshake fails, as test/x509/kubectl.test.ts shows.
      const expected = why === 'P-224 leaf' ? 'remote error: tls: handshake failure' : answers[index]?.error
      if (go === undefined) t.equal(withoutDetail(said), withoutDetail(expected ?? ''), why)
      else t.equal(said === '', expected === '', why) // older releases word some refusals differently
    }
  }
)
