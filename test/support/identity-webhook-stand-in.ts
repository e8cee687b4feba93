/**
 * Stands in for amazon-eks-pod-identity-webhook where the real one cannot be had: the same flags, and for annotated service accounts
 * the same variables, volume and mount. It shows that certificate, registration and API server play together; it proves nothing
 * about the real webhook. https://docs.aws.amazon.com/eks/latest/userguide/pod-configuration.html shows what a pod gets.
 */
import { readFileSync } from 'node:fs'
import { createServer, request } from 'node:https'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ strict: false })
const flag = (name: string): string => String(values[name])
const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

// The casts name the shapes of a kubeconfig that control-plane/kubeconfig.ts writes, and of Kubernetes' own v1 objects.
const kubeconfig = readJson(flag('kubeconfig')) as {
  clusters: [{ cluster: { server: string; 'certificate-authority': string } }]
  users: [{ user: { 'client-certificate-data': string; 'client-key-data': string } }]
}
interface Container {
  env?: { name: string; value: string }[]
  volumeMounts?: unknown[]
}
interface Review {
  request: {
    uid: string
    namespace: string
    object: { spec: { serviceAccountName?: string; volumes?: unknown[]; containers: Container[]; initContainers?: Container[] } }
  }
}

const mountPath = '/var/run/secrets/eks.amazonaws.com/serviceaccount'

const server = createServer({ cert: readFileSync(flag('tls-cert')), key: readFileSync(flag('tls-key')) }, (incoming, response) => {
  if (incoming.url === '/healthz') return void response.end('ok')

  void (async () => {
    let body = ''
    for await (const chunk of incoming.setEncoding('utf8')) body += String(chunk)
    const review = JSON.parse(body) as Review
    const patch = await patchFor(review)
    const answer = {
      uid: review.request.uid,
      allowed: true,
      ...(patch && { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') })
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview', response: answer }))
  })()
})
server.listen(Number(flag('port')), '127.0.0.1')

async function patchFor({ request: { namespace, object } }: Review): Promise<unknown[] | undefined> {
  const role = await readRole(namespace, object.spec.serviceAccountName ?? 'default')
  if (!role) return undefined

  const token = { audience: 'sts.amazonaws.com', expirationSeconds: 86_400, path: 'token' }
  const volume = { name: 'aws-iam-token', projected: { sources: [{ serviceAccountToken: token }] } }
  const inject = (container: Container): Container => ({
    ...container,
    env: [
      ...(container.env ?? []),
      { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
      { name: 'AWS_DEFAULT_REGION', value: flag('aws-default-region') },
      { name: 'AWS_REGION', value: flag('aws-default-region') },
      { name: 'AWS_ROLE_ARN', value: role },
      { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${mountPath}/token` }
    ],
    volumeMounts: [...(container.volumeMounts ?? []), { name: volume.name, readOnly: true, mountPath }]
  })
  const { volumes = [], containers, initContainers } = object.spec
  return [
    { op: 'add', path: '/spec/volumes', value: [volume, ...volumes] },
    { op: 'add', path: '/spec/containers', value: containers.map(inject) },
    ...(initContainers ? [{ op: 'add', path: '/spec/initContainers', value: initContainers.map(inject) }] : [])
  ]
}

function readRole(namespace: string, name: string): Promise<string | undefined> {
  const [{ cluster }] = kubeconfig.clusters
  const [{ user }] = kubeconfig.users
  const options = {
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
        resolve(account.metadata?.annotations?.['eks.amazonaws.com/role-arn'])
      })
    })
      .once('error', reject)
      .end()
  })
}
