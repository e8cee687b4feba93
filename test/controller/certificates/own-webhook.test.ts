import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import t from 'tap'
import { issueCa } from '../../../src/controller/certificates/issue-certificate.js'
import { keepCaBundle, keepCertificates } from '../../../src/controller/certificates/own-webhook.js'
import { repeat } from '../../../src/process/repeat.js'
import { clientThat } from '../../support/kube-client.js'

const now = new Date('2026-11-24T00:00:00Z')
const place = { namespace: 'irsa-guard', hosts: ['127.0.0.1'], now }

t.test('makes both Secrets, and leaves good ones alone', async (t) => {
  const secrets = new Map<string, { data: Record<string, string>; metadata: { resourceVersion: string } }>()
  const methods: string[] = []
  const client = clientThat(({ method = 'GET', path, body }) => {
    if (method === 'GET') {
      const secret = secrets.get(path.split('/').at(-1) ?? '')
      return secret ? { body: secret } : { status: 404 }
    }
    methods.push(`${method} ${path.split('/').at(-1) ?? ''}`)
    const { metadata, stringData } = body as {
      metadata: { name: string }
      stringData: Record<string, string>
    }
    const data = Object.fromEntries(
      Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
    )
    secrets.set(metadata.name, { data, metadata: { resourceVersion: '1' } })
    return { status: method === 'POST' ? 201 : 200 }
  })
  t.strictSame((await keepCertificates(client, place)).changes, ['CA', 'serving certificate'])
  t.strictSame((await keepCertificates(client, place)).changes, [])
  t.strictSame((await keepCertificates(client, { ...place, hosts: ['127.0.0.1', 'new.example'] })).changes, [
    'serving certificate'
  ])
  t.strictSame(methods, ['POST secrets', 'POST secrets', 'PUT irsa-guard-serving-cert'])
  await t.rejects(
    keepCertificates(
      clientThat(() => ({ status: 403, body: { message: 'forbidden' } })),
      place
    ),
    /Secret irsa-guard\/irsa-guard-ca could not be read \(the API server answered 403\): forbidden/
  )
  await t.rejects(
    keepCertificates(
      clientThat(({ method }) => ({ status: method === 'POST' ? 409 : 404 })),
      place
    ),
    /Secret irsa-guard\/irsa-guard-ca was not written: the API server answered 409/
  )
})

t.test(
  'drops a certificate from the CA Secret that it did not issue, and keeps its own former one',
  async (t) => {
    let secret: Record<string, string> = {}
    const client = clientThat(({ method = 'GET', path, body }) => {
      const isCa = path.endsWith('irsa-guard-ca')
      if (method === 'GET') {
        const data = Object.fromEntries(
          Object.entries(secret).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
        )
        return isCa && secret['ca.crt'] !== undefined
          ? { body: { data, metadata: { resourceVersion: '1' } } }
          : { status: 404 }
      }
      const { metadata, stringData } = body as {
        metadata: { name: string }
        stringData: Record<string, string>
      }
      if (metadata.name === 'irsa-guard-ca') secret = stringData
      return { status: method === 'POST' ? 201 : 200 }
    })
    const {
      cas: [own = '']
    } = await keepCertificates(client, place)
    const foreign = issueCa('foreign', { from: new Date(0), until: new Date('2100-01-01') }).certificate
    secret = { ...secret, 'ca.crt': own + foreign }
    const kept = await keepCertificates(client, place)
    t.strictSame(kept.cas, [own])
    t.strictSame(kept.changes[0], 'CA, after removing a certificate that irsa-guard did not issue')
    t.equal(secret['ca.crt'], own)

    const later = new Date(now.getTime() + 0.9 * 5 * 365 * 86_400_000) // the CA is renewed after 80% of five years
    const renewed = await keepCertificates(client, { ...place, now: later })
    t.equal(renewed.cas.length, 2)
    t.strictSame(
      (await keepCertificates(client, { ...place, now: later })).cas,
      renewed.cas,
      'the former one is ours, too'
    )
  }
)

t.test('writes its caBundle where it is missing, and nowhere else', async (t) => {
  const webhooks = [
    { name: 'a', clientConfig: { caBundle: 'right' } },
    { name: 'b', clientConfig: {} },
    { name: 'c' }
  ]
  let patch: unknown
  const client = clientThat(({ method, body }) => {
    if (method === 'PATCH') patch = body
    return { body: { webhooks } }
  })
  t.strictSame(await keepCaBundle(client, 'right'), ['b', 'c'])
  t.match(patch, [
    { op: 'test', path: '/webhooks/1/name', value: 'b' },
    { op: 'add', path: '/webhooks/1/clientConfig/caBundle', value: 'right' },
    {},
    {}
  ])
  t.strictSame(
    await keepCaBundle(
      clientThat(() => ({ body: { webhooks: [webhooks[0]] } })),
      'right'
    ),
    []
  )
  t.strictSame(
    await keepCaBundle(
      clientThat(() => ({ status: 404 })),
      'right'
    ),
    [],
    'not installed'
  )
  await t.rejects(
    keepCaBundle(
      clientThat(() => ({ status: 500 })),
      'right'
    ),
    /could not be read/
  )
  await t.rejects(
    keepCaBundle(
      clientThat(({ method }) => ({
        status: method === 'PATCH' ? 403 : 200,
        body: { webhooks, message: 'denied' }
      })),
      'right'
    ),
    /was not written: denied/
  )
})

t.test('work that fails is done again sooner, told once, and its end as well', async (t) => {
  const lines: string[] = []
  const log = pino(
    {},
    { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) }
  )
  let turns = 0
  const work = repeat('work', 30, log, async () => {
    turns++
    if (turns <= 2) throw new Error('not yet')
  })
  t.equal(work.trouble(), 'not run yet')
  await work.begun
  t.equal(work.trouble(), 'not yet')
  for (let tries = 0; tries < 100 && work.trouble() !== undefined; tries++) await sleep(20)
  t.equal(work.trouble(), undefined)
  work.now()
  await work.stop()
  t.strictSame(lines, ['does not work', 'works again'])
})
