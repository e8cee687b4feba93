import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { text as readStream } from 'node:stream/consumers'
import t from 'tap'
import { makeCertificate } from '../support/certificate.js'
import { serve } from '../../src/commands/serve.js'

t.test('answers over TLS with the given certificate', async (t) => {
  const directory = t.testdir()
  const [tlsCert, tlsKey] = [`${directory}/tls.crt`, `${directory}/tls.key`]
  const { certificate, key } = makeCertificate('127.0.0.1')
  writeFileSync(tlsCert, certificate)
  writeFileSync(tlsKey, key)
  const app = await serve({ iam: ['examples/iam.json'], mode: 'enforce', tlsCert, tlsKey, port: 0, deadline: 2000 })
  t.teardown(() => app.close())
  const { port } = app.server.address() as { port: number }

  const sent = request({
    host: '127.0.0.1',
    port,
    path: '/validate?timeout=3s',
    method: 'POST',
    ca: certificate,
    headers: { 'content-type': 'application/json' }
  })
  const object = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'cart', annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws-cn:iam::111122223333:role/cart' } }
  }
  sent.end(
    JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: { uid: 'u', operation: 'CREATE', namespace: 'shop', object }
    })
  )
  const [reply] = (await once(sent, 'response')) as [IncomingMessage]
  t.match(JSON.parse(await readStream(reply)), {
    response: { allowed: false, status: { message: /^service account shop\/cart\n- role-arn-partition-mismatch/ } }
  })
})
