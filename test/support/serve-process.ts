import { spawn, type StdioOptions } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { text as readStream } from 'node:stream/consumers'
import type { Test } from 'tap'
import { issueCa, issueServing } from '../../src/controller/certificates/issue-certificate.js'
import { findFreePort } from '../control-plane/free-port.ts'
import { waitFor } from '../control-plane/wait.ts'

const validity = { from: new Date(Date.now() - 60_000), until: new Date(Date.now() + 3_600_000) }

/** The CA that signs the certificates of `startServeProcess`. */
export const ca = issueCa('irsa-guard test', validity)

/** A process of `serve` from dist/, without a cluster. */
export interface ServeProcess {
  readonly port: number
  readonly healthPort: number
  /** The most memory that was ever resident, in bytes: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
  readonly peak: () => number
  /** The number of open files, sockets included. */
  readonly openFiles: () => number
  readonly isAlive: () => boolean
}

/** Starts `serve` with a certificate for 127.0.0.1. Resolves when it is ready. */
export async function startServeProcess(
  t: Test,
  {
    iam = ['--iam', 'examples/iam.json'],
    config = '',
    env = {},
    output = 'ignore'
  }: {
    iam?: readonly string[]
    config?: string
    env?: NodeJS.ProcessEnv
    output?: 'ignore' | 'pipe' | number
  } = {}
): Promise<ServeProcess> {
  const directory = t.testdir({})
  const [port, healthPort] = [await findFreePort(), await findFreePort()]
  const { certificate, key } = issueServing(ca, ['127.0.0.1'], validity)
  writeFileSync(`${directory}/tls.crt`, certificate)
  writeFileSync(`${directory}/tls.key`, key)
  writeFileSync(
    `${directory}/config.yaml`,
    `server: { port: ${port}, healthPort: ${healthPort} }\ntls: { certFile: ${directory}/tls.crt, keyFile: ${directory}/tls.key }\n${config}`
  )
  const stdio: StdioOptions = ['ignore', output, 'inherit']
  const child = spawn(
    process.execPath,
    ['dist/cli.js', 'serve', '--config', `${directory}/config.yaml`, ...iam],
    { env: { HOME: directory, PATH: process.env['PATH'], ...env }, stdio }
  )
  t.teardown(() => child.kill('SIGKILL'))
  await waitFor('serve', async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok, 120_000)
  const ownFiles = `/proc/${child.pid ?? 0}`

  return {
    port,
    healthPort,
    peak: () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`${ownFiles}/status`, 'utf8'))?.[1]) * 1024,
    openFiles: () => readdirSync(`${ownFiles}/fd`).length,
    isAlive: () => child.exitCode === null && child.signalCode === null
  }
}

/** The review of a new service account with these annotations. */
export const accountReviewOf = (annotations: object): string =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      operation: 'CREATE',
      namespace: 'shop',
      object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'cart', annotations } }
    }
  })

/** A review that is denied, whatever is known of IAM. */
export const deniedReview = accountReviewOf({
  'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:policy/cart'
})

/** Sends a review to a server whose certificate this CA has signed. */
export async function postReview(
  port: number,
  agent: Agent,
  body = deniedReview,
  trusted: string | Buffer = ca.certificate
): Promise<{ status: number | undefined; text: string }> {
  const headers = { 'content-type': 'application/json' }
  const options = { host: '127.0.0.1', port, path: '/validate', method: 'POST', ca: trusted }
  const sent = request({ ...options, headers, agent })
  sent.end(body)
  const reply = await new Promise<IncomingMessage>((resolve, reject) =>
    sent.once('response', resolve).once('error', reject)
  )

  return { status: reply.statusCode, text: await readStream(reply) }
}
