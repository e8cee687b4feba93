import type { ServerResponse } from 'node:http'
import { pino } from 'pino'
import t from 'tap'
import { provenAuthorities } from '../../../src/ca-bundle/eks-authorities.js'
import { followAuthorities } from '../../../src/controller/eks-authorities.js'
import type { CertificateAuthority, EksAuthorities } from '../../../src/model/certificate-authority.js'
import { parseClusterArn } from '../../../src/model/cluster-arn.js'
import { type Fact, known, unknown } from '../../../src/model/fact.js'
import { buildAuthorityReader } from '../../../src/sources/eks/authorities.js'
import { base64, makeAuthority, pem } from '../../support/certificates.js'
import { eksCluster, type ServedAuthority, startEksServer } from '../../support/eks-server.js'

const issuer = 'https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE'
const [a, b, c] = ['kubernetes', 'kubernetes', 'kubernetes'].map((name) => makeAuthority(name)) as [
  ...[ReturnType<typeof makeAuthority>, ReturnType<typeof makeAuthority>, ReturnType<typeof makeAuthority>]
]
const cluster = parseClusterArn(eksCluster)
if (cluster === undefined) throw new Error('not an ARN')
const served = (id: string, more: object = {}): ServedAuthority => ({
  id,
  createdAt: 1_543_622_400,
  signingStatus: 'NOT_USED',
  distributionStatus: 'COMPLETE',
  ...more
})
const signer = served('a', { signingStatus: 'IN_USE', data: base64(pem(a.der)) })

t.test('reads what EKS says, or why it is unknown', async (t) => {
  const bundle = pem(a.der) + pem(b.der)
  const eks = await startEksServer({ issuer, bundle, authorities: [signer] })
  t.teardown(() => eks.close())
  Object.assign(process.env, eks.env)
  const read = async (
    authorities: readonly ServedAuthority[],
    override?: (path: string, response: ServerResponse) => boolean
  ): Promise<Fact<EksAuthorities>> => {
    Object.assign(eks.answers, { authorities, override })
    const options = {
      cluster,
      accounts: [],
      patient: false,
      onRequest: () => undefined,
      onStsRequest: () => undefined
    }
    return buildAuthorityReader(options).read()
  }
  const successor = served('b', {
    data: base64(pem(b.der)),
    validity: { notBefore: 1_795_000_000, notAfter: 1_952_680_000 },
    scheduledEvents: { firstAutoActivation: 1_843_084_800, finalAutoActivation: 1_855_094_400 },
    rollbackAvailable: false
  })
  const good = await read([signer, successor])
  t.match(good, {
    state: 'known',
    value: {
      issuer,
      authorities: [
        { id: 'a', signing: 'in-use', distribution: 'complete', createdAt: new Date(1_543_622_400_000) },
        {
          id: 'b',
          signing: 'not-used',
          rollbackAvailable: false,
          firstAutoActivation: new Date(1_843_084_800_000),
          notAfter: new Date(1_952_680_000_000)
        }
      ]
    }
  })

  const list = /certificate-authorities(?:\?|$)/
  const pages = await read([signer, successor], (path, response) => {
    if (!list.test(path)) return false
    const isSecond = path.includes(encodeURIComponent('a+b/='))
    const summaries = [isSecond ? successor : signer].map(({ id }) => ({ id }))
    response.end(JSON.stringify({ certificateAuthorities: summaries, nextToken: isSecond ? null : 'a+b/=' }))
    return true
  })
  t.match(
    pages,
    { value: { authorities: [{ id: 'a' }, { id: 'b' }] } },
    'a second page, with an escaped token'
  )

  const answering =
    (status: number, body: string, headers: Record<string, string> = {}) =>
    (path: string, response: ServerResponse): boolean => {
      if (!list.test(path)) return false
      response.writeHead(status, headers).end(body)
      return true
    }
  for (const [name, override, because] of [
    [
      'refused',
      answering(403, '{"message":"no"}', { 'x-amzn-errortype': 'AccessDeniedException' }),
      /denied eks:ListCertificateAuthorities/
    ],
    ['throttled', answering(429, '{}', { 'x-amzn-errortype': 'ThrottlingException' }), /throttled/],
    [
      'no such cluster',
      answering(404, '{}', { 'x-amzn-errortype': 'ResourceNotFoundException' }),
      /has no cluster guard-test/
    ],
    ['broken', answering(500, '{}'), /HTTP 500/],
    ['a page of a proxy', answering(200, '<html>log in</html>'), /no usable answer/],
    ['nothing', answering(200, '{}'), /without the requested data/],
    [
      'an endless list',
      answering(200, '{"certificateAuthorities":[],"nextToken":"again"}'),
      /did not end the list/
    ],
    ['a list without ids', answering(200, '{"certificateAuthorities":[{}]}'), /without the requested data/],
    ['a hang', (path: string) => list.test(path), /did not answer eks:ListCertificateAuthorities in time/]
  ] as const)
    t.match(await read([signer], override), { state: 'unknown', because }, name)

  for (const [name, authority, because] of [
    ['times as text', served('a', { createdAt: '2018-12-01T00:00:00Z' }), /no usable answer to eks:/],
    ['an unknown signing status', served('a', { signingStatus: 'HALF_USED' }), /status that this version/],
    [
      'an unknown distribution status',
      served('a', { distributionStatus: 'LOST' }),
      /status that this version/
    ]
  ] as const)
    t.match(await read([authority]), { state: 'unknown', because }, name)
  const gone = await read([signer, successor], (path, response) => {
    if (!path.endsWith('/b')) return false
    response.writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' }).end('{}')
    return true
  })
  t.match(gone, { value: { authorities: [{ id: 'a' }] } }, 'deleted after the list was read')
})

const authority = (id: string, more: Partial<CertificateAuthority> = {}): CertificateAuthority => ({
  id,
  data: undefined,
  signing: 'not-used',
  distribution: 'complete',
  createdAt: undefined,
  activatedAt: undefined,
  notBefore: undefined,
  notAfter: undefined,
  firstAutoActivation: undefined,
  finalAutoActivation: undefined,
  rollbackAvailable: undefined,
  ...more
})
const said = (
  authorities: readonly CertificateAuthority[],
  more: Partial<EksAuthorities> = {}
): EksAuthorities => ({
  cluster,
  issuer,
  bundle: base64(pem(a.der) + pem(b.der)),
  authorities,
  ...more
})
const signing = authority('a', { data: base64(pem(a.der)), signing: 'in-use' })
const next = authority('b', { data: b.der.toString('base64') })

t.test('believes EKS only about this cluster', async (t) => {
  const proof = { issuer, clusterCas: pem(a.der) }
  t.match(
    provenAuthorities(said([signing, next]), proof),
    { state: 'known', value: [{ id: 'a' }, { id: 'b' }] },
    'PEM and DER'
  )
  for (const [name, answer, asked, because] of [
    [
      'another issuer',
      said([signing], { issuer: 'https://oidc.example/x' }),
      proof,
      /is another cluster: its issuer/
    ],
    ['the issuer is unknown', said([signing]), { ...proof, issuer: undefined }, /issuer is unknown/],
    [
      'no CA in common',
      said([signing]),
      { issuer, clusterCas: pem(c.der) },
      /none of the confirmed cluster CAs/
    ],
    [
      'no confirmed CA',
      said([signing]),
      { issuer, clusterCas: undefined },
      /none of the confirmed cluster CAs/
    ],
    ['no data', said([authority('a', { signing: 'in-use' })]), proof, /without its certificate/],
    [
      'data that is no certificate',
      said([authority('a', { signing: 'in-use', data: 'AAAA' })]),
      proof,
      /without its certificate/
    ],
    [
      'none in use',
      said([next, authority('a', { data: base64(pem(a.der)) })]),
      proof,
      /0 certificate authorities .* are in use/
    ],
    [
      'both in use',
      said([signing, { ...next, signing: 'in-use' }]),
      proof,
      /2 certificate authorities .* are in use/
    ],
    [
      'three',
      said([signing, next, authority('c', { data: base64(pem(c.der)) })]),
      proof,
      /names 3 certificate authorities/
    ]
  ] as const)
    t.match(provenAuthorities(answer, asked), { state: 'unknown', because }, name)
})

t.test('asks again when something may have changed, and says once why it does not know', async (t) => {
  let now = 0
  let reads = 0
  let answer: Fact<EksAuthorities> = known(said([signing]))
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) })
  const followed = followAuthorities({ read: async () => (reads++, answer) }, log, () => now)
  const proof = { issuer, clusterCas: pem(a.der) }
  const ask = async (minutes: number, seen: string): Promise<number | undefined> => {
    now = minutes * 60_000
    return (await followed.read(seen, proof))?.length
  }
  t.equal(await ask(0, 'one'), 1)
  t.equal(await ask(14, 'one'), 1)
  t.equal(reads, 1, 'every 15 minutes')
  await ask(15, 'one')
  t.equal(reads, 2)
  answer = known(said([signing, { ...next, distribution: 'in-progress' }]))
  t.equal(await ask(15, 'two'), 2, 'the cluster shows a change')
  await ask(16, 'two')
  t.equal(reads, 4, 'each minute while EKS changes something')
  answer = unknown('EKS does not answer')
  t.equal(await ask(17, 'two'), 2, 'the last answer, because the cluster shows no change')
  t.equal(await ask(18, 'three'), undefined, 'the last answer is from before a change')
  await ask(19, 'three')
  answer = known(said([signing]))
  t.equal(await ask(20, 'three'), 1)
  t.strictSame(lines, [
    "the cluster CA's rotation is unknown: only the cluster itself shows its CAs",
    "the cluster CA's rotation is known from EKS"
  ])
})
