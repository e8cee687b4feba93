import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { json } from 'node:stream/consumers'
import t from 'tap'
import { findCluster } from '../../src/kube/connect.js'
import { startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { makeObjectReader } from '../control-plane/read-object.ts'
import { startControlPlane } from '../control-plane/start.ts'
import {
  guardOptionsFor,
  kubectlWith,
  namespace,
  role,
  serviceAccount,
  standInWith,
  startTrustingIam
} from '../support/pod-cluster.js'
import { fileEnv, roleEnv, tokenMount, tokenVolume } from '../support/pods.js'
import { readProcessSize } from '../support/process-size.js'

// Every request of serve to the API server is in the audit log.
const folder = t.testdir({
  'policy.yaml': `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
  - level: Metadata
    users: ['system:serviceaccount:irsa-guard:irsa-guard-serve']
  - level: None
`
})
const controlPlane = await startControlPlane({
  apiServerFlags: { 'audit-log-path': `${folder}/audit.log`, 'audit-policy-file': `${folder}/policy.yaml` }
})
t.teardown(() => controlPlane.stop())
const kubectl = kubectlWith(controlPlane)
const iam = await startTrustingIam(controlPlane.issuer)
t.teardown(() => iam.close())
const webhook = await startIdentityWebhook(controlPlane, { command: standInWith(`${folder}/fault`) })
t.teardown(() => webhook.stop())
// The background scan would read IAM, too.
const options = guardOptionsFor(iam)
const guard = await startGuard(controlPlane, {
  ...options,
  config: { ...options.config, scan: { enabled: false } }
})
t.teardown(() => guard.stop())

await kubectl('apply -f -', namespace('shop', { 'irsa-guard.io/pods': 'enforce' }))
const names = Array.from({ length: 100 }, (_, index) => `cart-${index}`)
await kubectl(
  'apply -f -',
  ...names.map((name, index) => serviceAccount('shop', name, index % 2 === 0 ? undefined : {}))
)

/**
 * What serve has read of objects since the first `from` lines of the audit log; its watches and its own
 * set-up are not about pods.
 */
const auditLines = (): string[] => readFileSync(`${folder}/audit.log`, 'utf8').trim().split('\n')
const readsSince = (from: number): string[] =>
  auditLines()
    .slice(from)
    .map((line) => JSON.parse(line) as { verb: string; requestURI: string })
    .filter(
      ({ verb, requestURI }) =>
        verb !== 'watch' &&
        /serviceaccounts|namespaces|pods/.test(requestURI) &&
        !requestURI.includes('pod-identity-webhook')
    )
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`)

/**
 * A pod as the API server shows it to serve: mutated where its account asks for a role, but for every
 * hundredth, whose mutation failed.
 */
const reviewOf = (index: number, account = names[index % names.length] ?? ''): object => {
  const isMutated = index % 2 === 0 && index % 100 !== 0
  const container = {
    name: 'app',
    image: 'a',
    env: isMutated ? [roleEnv, fileEnv] : [],
    volumeMounts: isMutated ? [tokenMount] : []
  }
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: `uid-${index}`,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      operation: 'CREATE',
      namespace: 'shop',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `pod-${index}`, namespace: 'shop', labels: { app: 'a', hash: `${index}` } },
        spec: {
          serviceAccountName: account,
          containers: [container],
          volumes: isMutated ? [tokenVolume] : []
        }
      }
    }
  }
}

const readObject = await makeObjectReader(controlPlane)
const registration = (await readObject(
  '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/irsa-guard'
)) as {
  webhooks: { clientConfig: { url: string; caBundle: string } }[]
}
const [{ clientConfig }] = registration.webhooks as [(typeof registration.webhooks)[0]] // the manifests have two
const agent = new Agent({ keepAlive: true, maxSockets: 10, ca: Buffer.from(clientConfig.caBundle, 'base64') })
t.teardown(() => agent.destroy())

async function review(body: object): Promise<{ allowed: boolean; warnings?: string[] }> {
  const sent = request(clientConfig.url, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json' }
  })
  sent.end(JSON.stringify(body))
  const [reply] = (await once(sent, 'response')) as [IncomingMessage]
  return ((await json(reply)) as { response: { allowed: boolean } }).response
}

/** Sends reviews over ten connections; resolves to how many were allowed and denied, and how long it took. */
async function burst(count: number): Promise<{ allowed: number; denied: number; seconds: number }> {
  const began = performance.now()
  let next = 0
  const tally = { allowed: 0, denied: 0 }
  const work = async (): Promise<void> => {
    while (next < count) tally[(await review(reviewOf(next++))).allowed ? 'allowed' : 'denied']++
  }
  await Promise.all(Array.from({ length: 10 }, work))
  return { ...tally, seconds: (performance.now() - began) / 1000 }
}

const iamRequests = async (): Promise<number> =>
  [
    ...(await (await fetch(`${guard.serveHealth}/metrics`)).text()).matchAll(
      /^irsa_guard_iam_requests_total\{.*\} (\d+)/gm
    )
  ].reduce((sum, [, value]) => sum + Number(value), 0)

t.test(
  '5,000 pods within a minute: no call to IAM, none to the API server, and no growth without end',
  async (t) => {
    t.equal(
      iam.actions.filter((action) => action === 'GetRole').length,
      1,
      'fifty service accounts of one role were one question'
    )
    const [asked, from] = [await iamRequests(), auditLines().length]
    const rounds: (Awaited<ReturnType<typeof burst>> & { memory: number })[] = []
    // V8 grows its heap in steps of 30 MB, so one step may fall into a window. What is left behind by reviews
    // shows in every window.
    const growths = (): number[] =>
      rounds.slice(3).map(({ memory }, index) => memory - (rounds[index]?.memory ?? 0))
    do
      rounds.push({
        ...(await burst(5000)),
        memory: (await readProcessSize('serve', controlPlane.folder)).memory
      })
    while (rounds.length < 12 && !growths().some((growth) => growth < 32))
    for (const { allowed, denied } of rounds) {
      t.strictSame(
        { allowed, denied },
        { allowed: 4950, denied: 50 },
        'only pods whose mutation failed are denied'
      )
    }
    t.comment(
      rounds
        .map(({ seconds, memory }) => `5,000 pods in ${seconds.toFixed(1)} s, ${memory.toFixed(0)} MB`)
        .join('; ')
    )
    const least = Math.min(...growths())
    t.ok(least < 32, `15,000 further reviews leave ${least.toFixed()} MB behind at least`)
    t.equal(await iamRequests(), asked)
    t.equal(iam.actions.length, asked)
    t.strictSame(readsSince(from), [])
  }
)

t.test(
  'pods of an account that nobody knows are judged after one read for all, and never denied',
  async (t) => {
    const from = auditLines().length
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => review(reviewOf(index * 100, 'nobody')))
    )
    t.ok(answers.every(({ allowed }) => allowed))
    const reads = readsSince(from)
    t.ok(reads.length > 0 && reads.length < 10, `${reads.length} reads`)
    t.match(reads[0], /^get \/api\/v1\/namespaces\/shop\/serviceaccounts\/nobody/)
  }
)

t.test(
  'a few hundred pods through the API server: each gets its role, and serve reads nothing',
  async (t) => {
    const client = findCluster({ kubeconfig: controlPlane.kubeconfig }, {})
    if (client === undefined) throw new Error('there is a kubeconfig')
    t.teardown(() => client.close())
    const [asked, from] = [await iamRequests(), auditLines().length]
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        client.request({
          method: 'POST',
          path: '/api/v1/namespaces/shop/pods',
          query: { dryRun: 'All' },
          body: {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: `pod-${index}` },
            spec: {
              serviceAccountName: names[index % names.length],
              containers: [{ name: 'app', image: 'a' }]
            }
          }
        })
      )
    )
    t.strictSame(
      [...new Set(answers.map(({ status, warnings }) => `${status} ${warnings.join()}`))],
      ['201 ']
    )
    t.equal(answers.filter(({ body }) => JSON.stringify(body).includes(role)).length, 150)
    t.equal(await iamRequests(), asked)
    t.strictSame(readsSince(from), [])
  }
)
