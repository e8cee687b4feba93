import t from 'tap'
import type { KubeClient } from '../../../src/kube/client.js'
import type { KubeResponse } from '../../../src/kube/response.js'
import { known, unknown } from '../../../src/model/fact.js'
import { buildIssuerReader } from '../../../src/sources/cluster/cluster-issuer.js'
import { clientThat } from '../../support/kube-client.js'

const issuer = 'https://oidc.example/id/A'
const deadline = { signal: AbortSignal.timeout(60_000) }
const tokenOf = (claims: unknown): string =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`

function clusterWith(
  answer: Partial<KubeResponse> | Error,
  readToken: KubeClient['readToken'] = async () => undefined
): KubeClient {
  return { ...clientThat(() => answer), readToken }
}

t.test('believes the discovery document first', async (t) => {
  const readIssuer = buildIssuerReader(
    clusterWith({ body: { issuer } }, async () => tokenOf({ iss: 'https://other.example' }))
  )
  t.strictSame(await readIssuer(deadline), known(issuer))
})

t.test('takes the issuer of its own token when there is no document', async (t) => {
  for (const [why, answer] of [
    ['forbidden', { status: 403 }],
    ['a document without issuer', { body: { jwks_uri: 'https://a' } }],
    ['no map', { body: 'issuer' }],
    ['no answer', new Error('connect ECONNREFUSED')]
  ] as const) {
    t.strictSame(
      await buildIssuerReader(clusterWith(answer, async () => tokenOf({ iss: issuer })))(deadline),
      known(issuer),
      why
    )
  }
})

t.test('guesses nothing from a token that does not tell', async (t) => {
  const tokens: Readonly<Record<string, KubeClient['readToken']>> = {
    'no token': async () => undefined,
    'a token that cannot be read': async () => Promise.reject(new Error('EACCES')),
    'an opaque token': async () => 'kubeconfig-u-abc123',
    'no JSON': async () => 'a.b.c',
    'no claims': async () => tokenOf(['iss']),
    'no issuer': async () => tokenOf({ sub: 'system:serviceaccount:a:b' }),
    'an issuer that is no text': async () => tokenOf({ iss: 1 }),
    'the issuer of legacy tokens': async () => tokenOf({ iss: 'kubernetes/serviceaccount' })
  }
  for (const [why, readToken] of Object.entries(tokens)) {
    t.strictSame(
      await buildIssuerReader(clusterWith({ status: 403 }, readToken))(deadline),
      unknown('the issuer of the cluster could not be read (the API server answered 403)'),
      why
    )
  }
})

t.test('asks once for all who wait', async (t) => {
  let asked = 0
  const readIssuer = buildIssuerReader(
    clientThat(() => {
      asked++
      return { body: { issuer } }
    })
  )
  t.strictSame(await Promise.all([readIssuer(deadline), readIssuer(deadline)]), [
    known(issuer),
    known(issuer)
  ])
  t.strictSame(await readIssuer(deadline), known(issuer))
  t.equal(asked, 1)
})
