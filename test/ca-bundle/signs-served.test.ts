import t from 'tap'
import { signsServed } from '../../src/ca-bundle/signs-served.js'
import { parseBundle } from '../../src/x509/bundle.js'
import { issue, makeAuthority, pem } from '../support/certificates.js'

const certificatesOf = (...ders: readonly Buffer[]) =>
  parseBundle(Buffer.from(ders.map((der) => pem(der)).join('')), 26).certificates

t.test('tells who signed what is served, whatever else is wrong with it', async (t) => {
  const past = { notAfter: new Date('2026-02-01T00:00:00Z') }
  const root = makeAuthority('root')
  const oldRoot = makeAuthority('root', past)
  const middle = makeAuthority('middle', {}, root)
  const leaf = issue(root)
  const noCa = makeAuthority('no CA', { extensions: [] })

  const table: readonly (readonly [
    why: string,
    bundle: Buffer,
    served: readonly Buffer[],
    signs: boolean | undefined
  ])[] = [
    ['the CA', root.der, [leaf], true],
    ['another CA of its name', makeAuthority('root').der, [leaf], false],
    ['another CA', makeAuthority('other').der, [leaf], false],
    ['a CA that has expired', oldRoot.der, [issue(oldRoot, past)], true],
    ['the leaf itself', leaf, [leaf], true],
    ['the root above an intermediate', root.der, [issue(middle), middle.der], true],
    ['the intermediate', middle.der, [issue(middle), middle.der], true],
    ['a root whose intermediate is not served', root.der, [issue(middle)], false],
    ['the issuer of what stands beside', root.der, [issue(makeAuthority('a')), middle.der], false],
    ['what may not sign', noCa.der, [issue(noCa)], undefined],
    ['nothing is served', root.der, [], false]
  ]
  for (const [why, bundle, served, signs] of table) {
    const [certificate] = certificatesOf(bundle)
    if (certificate === undefined) throw new Error(why)
    t.equal(signsServed(certificatesOf(...served))(certificate), signs, why)
  }
})

t.test('does not search without end', async (t) => {
  const cas = Array.from({ length: 120 }, () => makeAuthority('a', {}, makeAuthority('a')))
  const [foreign] = certificatesOf(makeAuthority('a').der)
  const leaf = issue(makeAuthority('a'))
  t.equal(foreign && signsServed(certificatesOf(leaf, ...cas.map(({ der }) => der)))(foreign), undefined)
})
