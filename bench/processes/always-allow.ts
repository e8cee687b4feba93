// A minimal Fastify app that allows every AdmissionReview: TLS, JSON, our response schema. Arguments:
// certificate file, key file. Prints the port as JSON.
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import { load } from '../support/built.ts'
import { portOf, reviewOf } from './answer.ts'

const { reviewSchema } = (await load('server/app.js')) as typeof import('../../src/server/app.js')
const [certFile = '', keyFile = ''] = process.argv.slice(2)

const app = Fastify({
  https: { cert: readFileSync(certFile), key: readFileSync(keyFile), minVersion: 'TLSv1.2' }
})
app.post('/validate', { schema: { response: { 200: reviewSchema } } }, async (request) =>
  reviewOf(request.body)
)
await app.listen({ port: 0, host: '127.0.0.1' })
console.log(JSON.stringify({ port: portOf(app.server) }))
