import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { connect } from 'node:net'
import { text as readStream } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { pino } from 'pino'
import t from 'tap'
import { serve } from '../../src/commands/serve.js'
import { issueCa, type Issued, issueServing } from '../../src/controller/certificates/issue-certificate.js'
import type { RunningServer } from '../../src/server/serve.js'
import { waitFor } from '../control-plane/wait.ts'

const validity = { from: new Date(Date.now() - 60_000), until: new Date(Date.now() + 3_600_000) }
const ca = issueCa('irsa-guard test', validity)
const log = pino({ level: 'silent' })
const body = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u',
    operation: 'CREATE',
    namespace: 'shop',
    object: {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name: 'cart',
        annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws-cn:iam::111122223333:role/cart' }
      }
    }
  }
})

function write(directory: string, { certificate, key }: Issued): void {
  writeFileSync(`${directory}/tls.key`, key)
  writeFileSync(`${directory}/tls.crt`, certificate)
}

async function start(directory: string, more = ''): Promise<RunningServer> {
  const config = `${directory}/config.yaml`
  writeFileSync(
    config,
    `server: { port: 0, healthPort: 0 }\ntls: { certFile: ${directory}/tls.crt, keyFile: ${directory}/tls.key }\n${more}`
  )
  return serve({ config, iam: ['examples/iam.json'] }, { environment: { HOME: directory }, log, drain: 300 })
}

async function post(
  port: number,
  agent?: Agent
): Promise<{ status: number | undefined; body: unknown; connection: string | undefined }> {
  const sent = request({
    host: '127.0.0.1',
    port,
    path: '/validate?timeout=3s',
    method: 'POST',
    ca: ca.certificate,
    headers: { 'content-type': 'application/json' },
    ...(agent && { agent })
  })
  sent.end(body)
  const [reply] = (await once(sent, 'response')) as [IncomingMessage]
  return {
    status: reply.statusCode,
    body: JSON.parse(await readStream(reply)),
    connection: reply.headers.connection
  }
}

const health = async (serving: RunningServer, path: string): Promise<string> =>
  (await fetch(`http://127.0.0.1:${serving.healthPort}${path}`)).text()

t.test('is ready once it could answer, and answers over TLS', async (t) => {
  const directory = t.testdir()
  const serving = await start(directory)
  t.teardown(() => serving.close())
  t.match(await health(serving, '/readyz'), /^certificate: no serving certificate in .*tls.crt yet/)
  t.equal(await health(serving, '/livez'), 'ok')

  write(directory, issueServing(ca, ['127.0.0.1'], validity))
  const port = await serving.port
  t.equal(await health(serving, '/readyz'), 'ok')
  t.match(
    await health(serving, '/readyz?verbose'),
    /^\[\+\] draining: ok\n\[\+\] certificate: ok\n\[\+\] cluster: ok\n\[\+\] identityWebhook: ok\n/
  )
  t.match(await post(port), {
    status: 200,
    body: {
      response: {
        allowed: false,
        status: { message: /^service account shop\/cart: role-arn-partition-mismatch/ }
      }
    }
  })
  t.match(
    await health(serving, '/metrics'),
    /irsa_guard_reviews_total\{kind="other",operation="CREATE",outcome="denied"\} 1\n/
  )
  t.match(await health(serving, '/metrics'), /irsa_guard_facts_total\{fact="issuer",result="known"\} 1\n/)
  t.match(
    await health(serving, '/metrics'),
    /irsa_guard_serving_certificate_expiry_timestamp_seconds 1\d{9}\n/
  )
})

t.test('takes a new certificate without dropping a connection, and keeps the last good one', async (t) => {
  const directory = t.testdir()
  write(directory, issueServing(ca, ['127.0.0.1'], validity))
  const serving = await start(directory)
  t.teardown(() => serving.close())
  const port = await serving.port
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  t.match(await post(port, agent), { status: 200 })
  const [socket] = Object.values(agent.freeSockets).flat()

  const served = async (): Promise<string> => {
    const tls = connectTls({
      host: '127.0.0.1',
      port,
      ca: ca.certificate,
      checkServerIdentity: () => undefined
    })
    await once(tls, 'secureConnect')
    const { subjectaltname = '' } = tls.getPeerCertificate()
    tls.destroy()
    return subjectaltname
  }
  writeFileSync(`${directory}/tls.crt`, 'half written')
  await sleep(5500)
  t.equal(await served(), 'IP Address:127.0.0.1')
  write(directory, issueServing(ca, ['127.0.0.1', 'second.example'], validity))
  for (let tries = 0; tries < 100 && !(await served()).includes('second'); tries++) await sleep(100)
  t.equal(await served(), 'IP Address:127.0.0.1, DNS:second.example')
  t.match(await post(port, agent), { status: 200 })
  t.equal(Object.values(agent.freeSockets).flat()[0], socket, 'the connection is still the same')
})

t.test('drains without a failed request', async (t) => {
  const directory = t.testdir()
  write(directory, issueServing(ca, ['127.0.0.1'], validity))
  const serving = await start(directory)
  const port = await serving.port
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  t.teardown(() => agent.destroy())
  const draining = new AbortController()
  let ok = 0
  const client = async (): Promise<void> => {
    for (let turn = 0; turn < 1000; turn++) {
      const { status, connection } = await post(port, agent)
      t.equal(status, 200)
      ok++
      if (draining.signal.aborted && connection === 'close') return // what an API server does then: it goes to another replica
    }
  }
  const clients = Array.from({ length: 8 }, client)
  while (ok <= 16) await sleep(10)
  draining.abort()
  const closing = serving.close()
  t.match(await health(serving, '/readyz'), /draining: shutting down/)
  await Promise.all(clients)
  await closing
})

t.test('ends slow bodies and slow headers', async (t) => {
  const directory = t.testdir()
  write(directory, issueServing(ca, ['127.0.0.1'], validity))
  const serving = await start(directory)
  t.teardown(() => serving.close())
  const tls = connectTls({ host: '127.0.0.1', port: await serving.port, ca: ca.certificate })
  await once(tls, 'secureConnect')
  tls.write(
    'POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{'
  )
  const drip = setInterval(() => tls.write(' '), 500)
  tls.on('error', () => undefined)
  const answer = readStream(tls)
  const headers = connect(serving.healthPort, '127.0.0.1')
  headers.write('GET /livez HTTP/1.1\r\n')
  t.match(await readStream(headers), /^HTTP\/1.1 408 /)
  t.match(await answer, /^HTTP\/1.1 408 /)
  clearInterval(drip)
  t.match(await post(await serving.port), { status: 200 })
})

t.test('says what is wrong with its set-up', async (t) => {
  const directory = t.testdir({
    'config.yaml': 'modus: warn\nserver: { deadline: 5 }\nrules: { role-mising: { severity: error } }\n'
  })
  const environment = { HOME: directory }
  await t.rejects(serve({ config: `${directory}/config.yaml`, iam: [] }, { environment, log }), {
    code: 'ERR_CONFIG',
    message:
      /modus: unknown key \(did you mean mode\?\); expected one of mode, rules,[^]*server.deadline is 5; expected a value of type string/
  })
  await t.rejects(serve({ iam: [] }, { environment, log }), {
    code: 'ERR_SERVING_CERT',
    message: /there is no directory \/etc\/irsa-guard\/tls/
  })
  writeFileSync(
    `${directory}/tls.yaml`,
    `tls: { certFile: ${directory}/tls.crt, keyFile: ${directory}/tls.key }`
  )
  writeFileSync(`${directory}/kubeconfig`, 'no: kubeconfig')
  await t.rejects(
    serve(
      { config: `${directory}/tls.yaml`, iam: [], kubeconfig: `${directory}/kubeconfig` },
      { environment, log }
    ),
    {
      code: 'ERR_KUBECONFIG',
      message: /kubeconfig cannot be used: /
    }
  )
})

t.test(
  'takes a changed configuration without a restart, and keeps the previous one if it is broken',
  async (t) => {
    const directory = t.testdir()
    write(directory, issueServing(ca, ['127.0.0.1'], validity))
    const file = `${directory}/config.yaml`
    const fixed = `server: { port: 0, healthPort: 0 }\ntls: { certFile: ${directory}/tls.crt, keyFile: ${directory}/tls.key }\n`
    writeFileSync(file, `${fixed}mode: enforce\n`)
    let logged = ''
    const serving = await serve(
      { config: file, iam: ['examples/iam.json'] },
      {
        environment: { HOME: directory },
        log: pino({}, { write: (line: string) => (logged += line) }),
        drain: 0,
        configInterval: 50
      }
    )
    t.teardown(() => serving.close())
    const port = await serving.port
    const isAllowed = async (): Promise<boolean> =>
      ((await post(port)).body as { response: { allowed: boolean } }).response.allowed // an AdmissionReview
    const reloaded = async (value: string): Promise<boolean> =>
      (await health(serving, '/metrics')).includes(`irsa_guard_config_last_reload_successful ${value}\n`)
    t.notOk(await isAllowed())

    writeFileSync(file, `${fixed}mode: warn\n`)
    await waitFor('mode warn', isAllowed)
    t.ok(await reloaded('1'))

    writeFileSync(file, `${fixed}mode: wran\n`)
    await waitFor('a refusal', async () => reloaded('0'))
    t.match(logged, /mode is [^\n]*wran[^\n]*the changed configuration was refused/)
    t.ok(await isAllowed(), 'the previous configuration is still in use')
    t.ok((await health(serving, '/readyz')).startsWith('ok'), 'the process stays ready')

    rmSync(file)
    await waitFor('the log', async () => logged.includes('there is no file'))
    t.ok(await isAllowed(), 'a missing file changes nothing')

    const user = 'exempt: { users: [someone] }\nrules: { role-arn-partition-mismatch: { severity: off } }\n'
    writeFileSync(file, `${fixed}mode: enforce\n${user}`)
    await waitFor('the repair', async () => reloaded('1'))
    t.ok(await isAllowed(), 'the rule is off')

    writeFileSync(file, `${fixed.replace('port: 0', 'port: 1')}mode: enforce\n`)
    await waitFor('a denial', async () => !(await isAllowed()))
    t.match(logged, /"keys":\["server"\],"msg":"changed configuration keys take effect after a restart"/)
  }
)
