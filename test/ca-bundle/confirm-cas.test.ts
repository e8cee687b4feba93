import t from 'tap'
import { type CaEvidence, confirmCas } from '../../src/ca-bundle/confirm-cas.js'
import { extension, issue, makeAuthority, makeKey, pem, text } from '../support/certificates.js'

const at = new Date('2026-11-24T00:00:00Z')
const host = 'kubernetes.default.svc'
const [real, successor, attacker] = [makeAuthority(), makeAuthority(), makeAuthority()]
const [realPem, successorPem, attackerPem] = [real, successor, attacker].map(({ der }) => pem(der)) as [
  string,
  string,
  string
]
const served = [
  { chain: pem(issue(real, { key: makeKey.ec(), extensions: [extension.names(text(0x82, host))] })), host }
]
const published = (pem: string, isImmutable = false) => [
  { name: 'ConfigMap a/kube-root-ca.crt', pem, isImmutable }
]

const cases: readonly (readonly [
  why: string,
  evidence: Omit<CaEvidence, 'at' | 'trustedOnlyWith'> & { trustedOnlyWith?: string },
  confirmed: string | undefined,
  unconfirmed: string
])[] = [
  ['trusted and published', { trusted: realPem, published: published(realPem), served: [] }, realPem, ''],
  ['trusted only', { trusted: realPem, published: [], served: [] }, realPem, ''],
  ['published and signing', { trusted: undefined, published: published(realPem), served }, realPem, ''],
  [
    'published only',
    { trusted: undefined, published: published(attackerPem), served: [] },
    undefined,
    attackerPem
  ],
  [
    'added to what is published',
    { trusted: realPem, published: published(realPem + attackerPem), served },
    realPem,
    attackerPem
  ],
  [
    'put in place of what is published',
    { trusted: realPem, published: published(attackerPem, true), served },
    realPem,
    attackerPem
  ],
  [
    'added to the list that a pod trusts by',
    {
      trusted: realPem + attackerPem,
      trustedOnlyWith: realPem,
      published: published(realPem + attackerPem),
      served
    },
    realPem,
    attackerPem
  ],
  [
    'a rotation: both trusted, both published, one signing',
    {
      trusted: realPem + successorPem,
      trustedOnlyWith: realPem + successorPem,
      published: published(realPem + successorPem),
      served
    },
    realPem + successorPem,
    ''
  ],
  [
    'the CA of a proxy in front of the API server',
    { trusted: attackerPem, trustedOnlyWith: realPem, published: published(realPem), served: [] },
    undefined,
    realPem
  ],
  ['nothing', { trusted: undefined, published: [], served: [] }, undefined, '']
]

t.test('confirms CAs', async (t) => {
  for (const [why, evidence, confirmed, unconfirmed] of cases) {
    const found = confirmCas({ trustedOnlyWith: undefined, ...evidence, at })
    t.equal(found.confirmed, confirmed, why)
    t.equal(found.unconfirmed, unconfirmed, why)
    t.equal(found.doubt === undefined, unconfirmed === '', why)
  }
})

t.test('names what holds a CA that is not confirmed, and why nobody corrects it', async (t) => {
  const evidence = {
    trusted: realPem,
    trustedOnlyWith: undefined,
    published: published(attackerPem, true),
    served,
    at
  }
  t.match(
    confirmCas(evidence).doubt,
    /^ConfigMap a\/kube-root-ca.crt contains CN=kubernetes .* \(the ConfigMap is immutable, so Kubernetes cannot correct it: delete the ConfigMap\); this is confirmed neither by the CA with which irsa-guard verifies the API server nor/
  )
})
