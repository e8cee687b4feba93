// A bare node:https server that answers every request with the same AdmissionReview, and parses nothing: TLS and HTTP
// alone. Arguments: certificate file, key file. Prints the port as JSON.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { portOf, reviewOf } from './answer.ts'

const [certFile = '', keyFile = ''] = process.argv.slice(2)
const answer = Buffer.from(
  JSON.stringify(
    reviewOf({
      apiVersion: 'admission.k8s.io/v1',
      request: { uid: '705ab4f5-6393-11e8-b7cc-42010a800002' }
    })
  )
)

const server = createServer(
  { cert: readFileSync(certFile), key: readFileSync(keyFile) },
  (request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length })
      response.end(answer)
    })
  }
)
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: portOf(server) })))
