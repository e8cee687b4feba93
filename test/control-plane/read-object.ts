import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import type { ControlPlane } from './start.ts'

/**
 * Makes a function that reads objects by their API path as an administrator; undefined is one that is not
 * there.
 */
export async function makeObjectReader(
  controlPlane: ControlPlane
): Promise<(path: string) => Promise<unknown>> {
  const { certPem, keyPem } = await controlPlane.clientCertificate('object-reader', ['system:masters'])
  return async (path) => {
    const ca = await readFile(controlPlane.caFile) // each time: a rotation rewrites it
    const { status, body } = await get(new URL(path, controlPlane.url), { ca, cert: certPem, key: keyPem })
    if (status === 404) return undefined
    if (status !== 200) throw new Error(`the API server answers ${path} with HTTP ${status}: ${body}`)

    return JSON.parse(body) as unknown
  }
}

function get(
  url: URL,
  tls: { ca: Buffer; cert: string; key: string }
): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const question = request(url, { ...tls, agent: false }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      answer.once('error', reject).once('end', () => resolve({ status: answer.statusCode, body }))
    })
    question.once('error', reject).end()
  })
}
