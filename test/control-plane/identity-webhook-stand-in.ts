/**
 * Stands in for amazon-eks-pod-identity-webhook where the real one cannot be had, and where a test wants one
 * that fails: the same flags, and one more, `--fault-file`, a file that says how it fails now. With the real one's
 * `--watch-container-credentials-config`, it gives container credentials to the accounts in that file, which it
 * reads at every pod. It shows that
 * certificate, registration and API server play together; it proves nothing about the real webhook.
 */
import { existsSync, readFileSync, watchFile } from 'node:fs'
import { Agent, createServer, request } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Annotations, patchOf, type Pod } from '../support/identity-webhook-patch.ts'

/** How it fails: answers too late, answers without a patch, mutates one container only. */
export type Fault = 'slow' | 'no-patch' | 'half' | 'none'

const { values } = parseArgs({ strict: false })
const flag = (name: string): string => String(values[name])
const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

// The casts name the shapes of a kubeconfig that test/control-plane/kubeconfig.ts writes, and of Kubernetes'
// own v1 objects.
const kubeconfig = readJson(flag('kubeconfig')) as {
  clusters: [{ cluster: { server: string; 'certificate-authority': string } }]
  users: [{ user: { 'client-certificate-data': string; 'client-key-data': string } }]
}
interface Review {
  request: { uid: string; namespace: string; object: Pod }
}

// Longer than any timeout that a webhook may be registered with.
const slowness = 35_000

const readCertificate = (): { cert: Buffer; key: Buffer } => ({
  cert: readFileSync(flag('tls-cert')),
  key: readFileSync(flag('tls-key'))
})

// As a Go server, it never closes an idle connection.
const server = createServer({ ...readCertificate(), keepAliveTimeout: 0 }, (incoming, response) => {
  if (incoming.url === '/healthz') return void response.end('ok')

  void (async () => {
    let body = ''
    for await (const chunk of incoming.setEncoding('utf8')) body += String(chunk)
    const review = JSON.parse(body) as Review
    const fault = readFault()
    if (fault === 'slow') await sleep(slowness, undefined, { ref: false })
    const patch = fault === 'no-patch' ? undefined : await patchFor(review, fault === 'half')
    const answer = {
      uid: review.request.uid,
      allowed: true,
      ...(patch && { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') })
    }
    response.setHeader('content-type', 'application/json')
    // No version and no kind, as up to August 2026
    // (https://github.com/aws/amazon-eks-pod-identity-webhook/pull/310): only v1beta1 allows that.
    response.end(JSON.stringify({ response: answer }))
  })()
})
server.listen(Number(flag('port')), '127.0.0.1')

// As the real one, it takes a new certificate for new connections, and keeps those that are open.
for (const name of ['tls-cert', 'tls-key']) {
  watchFile(flag(name), { interval: 200 }, () => {
    try {
      server.setSecureContext(readCertificate())
    } catch {
      // the certificate is written before its key, so the two match only after the second change
    }
  })
}

function readFault(): string {
  const file = values['fault-file']

  return typeof file === 'string' && existsSync(file) ? readFileSync(file, 'utf8') : 'none'
}

async function patchFor(
  { request: { namespace, object } }: Review,
  half: boolean
): Promise<unknown[] | undefined> {
  const serviceAccount = object.spec.serviceAccountName ?? 'default'
  const annotations = await readAnnotations(namespace, serviceAccount)
  const flags = { region: flag('aws-default-region'), regionalSts: flag('sts-regional-endpoint') === 'true' }

  return patchOf(object, annotations, flags, {
    half,
    isAssociated: readIdentities().some(
      (one) => one.namespace === namespace && one.serviceAccount === serviceAccount
    )
  })
}

interface Identity {
  namespace: string
  serviceAccount: string
}

/** The accounts that get container credentials; none while the file is not there or cannot be read. */
function readIdentities(): readonly Identity[] {
  const file = values['watch-container-credentials-config']
  if (typeof file !== 'string' || !existsSync(file)) return []
  try {
    return (readJson(file) as { identities: Identity[] }).identities
  } catch {
    return []
  }
}

const agent = new Agent({ keepAlive: true })

function readAnnotations(namespace: string, name: string): Promise<Annotations> {
  const [{ cluster }] = kubeconfig.clusters
  const [{ user }] = kubeconfig.users
  const options = {
    agent,
    ca: readFileSync(cluster['certificate-authority']),
    cert: Buffer.from(user['client-certificate-data'], 'base64'),
    key: Buffer.from(user['client-key-data'], 'base64')
  }
  return new Promise((resolve, reject) => {
    request(`${cluster.server}/api/v1/namespaces/${namespace}/serviceaccounts/${name}`, options, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      answer.on('end', () => {
        const account = JSON.parse(body) as { metadata?: { annotations?: Record<string, string> } }
        resolve(account.metadata?.annotations ?? {})
      })
    })
      .once('error', reject)
      .end()
  })
}
