import t from 'tap'
import { caInjectionsOf, decidingInjectionOf } from '../../../src/ca-bundle/injection.js'
import type { KubeResponse } from '../../../src/kube/response.js'
import { readInjectedCas } from '../../../src/sources/cluster/injected-cas.js'
import { base64 } from '../../support/certificates.js'
import { clientThat } from '../../support/kube-client.js'

const [first, second] = ['first CA', 'second CA']
const issuerRef = { name: 'internal' }
const certificate = (revision: unknown, conditions: unknown = []): object => ({
  metadata: { uid: 'u' },
  spec: { issuerRef },
  status: { revision, conditions }
})
const request = (
  revision: number,
  ca: unknown,
  more: { owner?: string; name?: string; conditions?: unknown; issuerRef?: object } = {}
): object => ({
  spec: { issuerRef: more.issuerRef ?? issuerRef },
  metadata: {
    annotations: {
      'cert-manager.io/certificate-name': more.name ?? 'b',
      'cert-manager.io/certificate-revision': String(revision)
    },
    ownerReferences: [{ uid: more.owner ?? 'u' }]
  },
  status: { ca, conditions: more.conditions ?? [{ type: 'Ready', status: 'True' }] }
})
type Objects = Readonly<Record<string, object | Partial<KubeResponse> | Error>>
const folder = '/apis/cert-manager.io/v1/namespaces/a'
const issuing = [{ type: 'Issuing', status: 'True' }]
const requests = (revision: unknown, objects: Objects, conditions: unknown = issuing): Objects => ({
  [`${folder}/certificates/b`]: certificate(revision, conditions),
  ...Object.fromEntries(
    Object.entries(objects).map(([number, object]) => [`${folder}/certificaterequests/b-${number}`, object])
  )
})
const read = (
  annotations: object,
  objects: Objects,
  { signal = new AbortController().signal, clusterCas = undefined as string | undefined } = {}
) =>
  readInjectedCas(
    clientThat(({ path }) => {
      const object = objects[path] ?? { status: 404 }
      return object instanceof Error || typeof (object as Partial<KubeResponse>).status === 'number'
        ? object
        : { body: object }
    }),
    decidingInjectionOf(caInjectionsOf({ ...annotations })),
    { clusterCas, signal }
  )
const byCertificate = { 'cert-manager.io/inject-ca-from': 'a/b' }
const sourceOf = (number: number): string => `Certificate a/b (CertificateRequest a/b-${number})`

t.test('reads the CA of the revision that the Secret is written from', async (t) => {
  const known = (
    current: string,
    { former, earlier }: { former?: string; earlier?: string },
    number: number
  ): object => ({
    isPassing: false,
    fact: { state: 'known', value: { current, former, earlier, source: sourceOf(number) } }
  })
  for (const [why, objects, expected] of [
    ['the first one', { 1: request(1, base64(first)) }, known(first, {}, 1)],
    [
      'and the one before, where it is kept',
      { 1: request(1, base64(second)), 0: request(0, base64(first)) },
      known(second, { earlier: first }, 1)
    ],
    [
      'the next one, whose Secret may be written already',
      { 1: request(1, base64(first)), 2: request(2, base64(second)) },
      known(second, { former: first }, 2)
    ],
    [
      'not the next one before it is issued',
      { 1: request(1, base64(first)), 2: request(2, base64(second), { conditions: [] }) },
      known(first, {}, 1)
    ],
    [
      'nor one that was denied',
      {
        1: request(1, base64(first)),
        2: request(2, base64(second), {
          conditions: [
            { type: 'Ready', status: 'True' },
            { type: 'Denied', status: 'True' }
          ]
        })
      },
      known(first, {}, 1)
    ]
  ] as const)
    t.match(await read(byCertificate, requests(1, objects)), expected, why)
})

t.test('a request that somebody else made is not what the Secret is written from', async (t) => {
  const foreign = base64('foreign CA')
  const current = async (more: Objects, conditions: unknown = issuing): Promise<unknown> => {
    const { fact } = await read(
      byCertificate,
      requests(1, { 1: request(1, base64(first)), ...more }, conditions)
    )
    return fact.state === 'known' ? [fact.value.current, fact.value.former] : fact
  }
  t.strictSame(
    await current({ 2: request(2, foreign) }, []),
    [first, undefined],
    'made in advance, while nothing is issued'
  )
  t.strictSame(
    await current({ 2: request(2, foreign, { issuerRef: { name: 'mine' } }) }),
    [first, undefined],
    'by another issuer'
  )
  t.strictSame(
    await current({ 0: request(0, foreign) }),
    [first, undefined],
    'in the name of a revision that is gone'
  )
  const spelledOut = { ...issuerRef, kind: 'Issuer', group: 'cert-manager.io' }
  t.strictSame(
    await current({ 2: request(2, base64(second), { issuerRef: spelledOut }) }),
    [second, first],
    'the same issuer, spelled out'
  )
})

t.test('says why nobody can tell, and whether that may pass', async (t) => {
  const missing = /CertificateRequest a\/b-1 of Certificate a\/b does not contain the CA/
  for (const [because, isPassing, annotations, objects] of [
    [/^there is no Certificate a\/b$/, false, byCertificate, {}],
    [
      /^Certificate a\/b could not be read \(the API server answered 403\)$/,
      false,
      byCertificate,
      { [`${folder}/certificates/b`]: { status: 403 } }
    ],
    [/answered 503/, true, byCertificate, { [`${folder}/certificates/b`]: { status: 503 } }],
    [/answered 429/, true, byCertificate, { [`${folder}/certificates/b`]: { status: 429 } }],
    [
      /^Certificate a\/b could not be read \(reset\)$/,
      true,
      byCertificate,
      { [`${folder}/certificates/b`]: new Error('reset') }
    ],
    [/^Certificate a\/b has not been issued yet$/, false, byCertificate, requests(undefined, {})],
    [missing, false, byCertificate, requests(1, { 1: request(1, undefined) })],
    [missing, false, byCertificate, requests(1, { 1: request(1, base64(first), { owner: 'another' }) })],
    [missing, false, byCertificate, requests(1, { 1: request(1, base64(first), { name: 'c' }) })],
    [missing, false, byCertificate, requests(1, { 1: request(7, base64(first)) })],
    [
      missing,
      false,
      byCertificate,
      requests(1, { 1: request(1, base64(first), { issuerRef: { name: 'mine' } }) })
    ],
    [
      missing,
      false,
      byCertificate,
      requests(1, { 1: request(1, base64(first), { issuerRef: { ...issuerRef, kind: 'ClusterIssuer' } }) })
    ],
    [/^there is no CertificateRequest a\/b-1$/, false, byCertificate, requests(1, {})],
    [
      /b-1 could not be read \(the API server answered 500\)$/,
      true,
      byCertificate,
      requests(1, { 1: { status: 500 } })
    ],
    [
      /^the namespace or name of Certificate a\/B is not valid$/,
      false,
      { 'cert-manager.io/inject-ca-from': 'a/B' },
      {}
    ],
    [
      /^the namespace or name of Certificate b is not valid$/,
      false,
      { 'cert-manager.io/inject-ca-from': 'b' },
      {}
    ],
    [
      /^the CA is in Secret a\/b, and irsa-guard does not read Secrets$/,
      false,
      { ...byCertificate, 'cert-manager.io/inject-ca-from-secret': 'a/b' },
      {}
    ],
    [/^the cluster CAs are unknown$/, false, { 'cert-manager.io/inject-apiserver-ca': 'true' }, {}]
  ] as const)
    t.match(
      await read(annotations, objects),
      { isPassing, fact: { state: 'unknown', because } },
      String(because)
    )
  t.match(await read({}, {}), { fact: { state: 'moot' } })
  t.match(
    await read({ 'cert-manager.io/inject-apiserver-ca': 'TRUE' }, {}),
    { fact: { state: 'moot' } },
    'cert-manager takes it as it is written'
  )
  const both = { ...byCertificate, 'service.beta.openshift.io/inject-cabundle': 'true' }
  t.match(await read(both, {}), { fact: { state: 'moot' } }, 'two injectors overwrite each other')
  t.match(await read(byCertificate, requests(1, {}), { signal: AbortSignal.abort() }), {
    isPassing: true,
    fact: { because: 'Certificate a/b was not read in time' }
  })
})

t.test("reads the cluster's CAs and OpenShift's", async (t) => {
  const known = (current: string, source: string): object => ({
    isPassing: false,
    fact: { state: 'known', value: { current, source } }
  })
  t.match(
    await read({ 'cert-manager.io/inject-apiserver-ca': 'true' }, {}, { clusterCas: first }),
    known(first, 'kube-root-ca.crt')
  )
  const path = '/api/v1/namespaces/kube-system/configmaps/openshift-service-ca.crt'
  const name = 'ConfigMap kube-system/openshift-service-ca.crt'
  for (const version of ['beta', 'alpha']) {
    const annotations = { [`service.${version}.openshift.io/inject-cabundle`]: 'True' }
    t.match(await read(annotations, { [path]: { data: { 'service-ca.crt': first } } }), known(first, name))
    t.match(await read(annotations, { [path]: { data: {} } }), {
      fact: { because: `${name} contains no service-ca.crt` }
    })
    t.match(await read(annotations, {}), { isPassing: false, fact: { because: `there is no ${name}` } })
  }
})
