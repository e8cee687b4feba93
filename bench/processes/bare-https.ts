// A bare node:https server that allows every AdmissionReview: TLS, JSON. Arguments: certificate file, key
// file. Prints the port as JSON.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { portOf, reviewOf } from './answer.ts'

const [certFile = '', keyFile = ''] = process.argv.slice(2)

const server = createServer(
  { cert: readFileSync(certFile), key: readFileSync(keyFile) },
  (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const answer = JSON.stringify(reviewOf(JSON.parse(Buffer.concat(chunks).toString('utf8'))))
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(answer)
      })
      response.end(answer)
    })
  }
)
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: portOf(server) })))
