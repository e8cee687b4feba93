// Reviews while everything around `serve` changes: its certificate, its replicas, the API server. LOAD_MINUTES=30 is
// `npm run load`; without it, everything happens once.
import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { findCluster } from '../../src/kube/connect.js'
import { type AnotherProcess, startGuard } from '../control-plane/guard.ts'
import { makeObjectReader } from '../control-plane/read-object.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { type LoadBalancer, startLoadBalancer } from '../support/load-balancer.js'
import {
  guardOptionsFor,
  kubectlWith,
  namespace,
  serviceAccount,
  startTrustingIam
} from '../support/pod-cluster.js'
import { podOf } from '../support/pods.js'
import { type ProcessSize, readProcessSize } from '../support/process-size.js'
import { postReview } from '../support/serve-process.js'

// A slow machine may need long for what takes a moment.
const patience = 600_000

const minutes = Number(process.env['LOAD_MINUTES'] ?? 0)

// The IAM of the test has no OIDC provider and a role that is open to many, which are only warned about.
const isClean = (start: string, answer: string): boolean =>
  answer.startsWith(start) && !/not checked|trust-subject-mismatch|role-arn-|pod-not-mutated/.test(answer)

/** What is created again and again, and the rule that denies it; undefined where it is right. */
const objects: readonly {
  readonly path: string
  readonly object: object
  readonly rule: string | undefined
}[] = [
  { path: 'serviceaccounts', object: serviceAccount('shop', 'cart-new'), rule: undefined },
  { path: 'serviceaccounts', object: serviceAccount('shop', 'other'), rule: 'trust-subject-mismatch' },
  {
    path: 'serviceaccounts',
    object: serviceAccount('shop', 'cart-new', { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/x' }),
    rule: 'role-arn-malformed'
  },
  { path: 'pods', object: podOf({ containers: [{ name: 'app', image: 'a' }] }), rule: 'pod-not-mutated' },
  {
    path: 'pods',
    object: podOf({ serviceAccountName: 'plain', containers: [{ name: 'app', image: 'a' }] }),
    rule: undefined
  }
]

t.test('every review is answered correctly, whatever else happens', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const iam = await startTrustingIam(controlPlane.issuer)
  t.teardown(() => iam.close())
  let balancer: LoadBalancer | undefined
  const guard = await startGuard(controlPlane, {
    ...guardOptionsFor(iam),
    front: async (port) => {
      balancer = await startLoadBalancer([port])
      return balancer.port
    }
  })
  t.teardown(() => guard.stop())
  if (balancer === undefined) throw new Error('startGuard has started it')
  const service = balancer
  t.teardown(() => service.stop())
  const [veteran = 0] = service.replicas
  const addReplica = async (): Promise<AnotherProcess> => {
    const replica = await guard.startAnother('serve')
    service.replicas = [veteran, replica.port]
    return replica
  }
  let replica = await addReplica()

  await kubectlWith(controlPlane)(
    'apply -f -',
    namespace('shop', { 'irsa-guard.io/pods': 'enforce' }),
    serviceAccount('shop', 'cart'),
    serviceAccount('shop', 'plain', {})
  )
  const client = findCluster({ kubeconfig: controlPlane.kubeconfig }, {})
  if (client === undefined) throw new Error('there is a kubeconfig')
  t.teardown(() => client.close())

  const wrong: string[] = []
  const done = { throughApiServer: 0, direct: 0 }
  let isRestarting = false
  let isOver = false
  t.teardown(() => (isOver = true))

  /** Creates an object in a dry run. Undefined if there was no API server that could tell. */
  async function create(index: number): Promise<string | undefined> {
    const { path, object } = objects[index % objects.length] ?? {}
    const restarted = isRestarting
    try {
      const { status, body, warnings } = (await client?.request({
        method: 'POST',
        path: `/api/v1/namespaces/shop/${path ?? ''}`,
        query: { dryRun: 'All' },
        body: object
      })) ?? { status: 0, body: undefined, warnings: [] }
      if (isRestarting || restarted) return undefined
      return `${status} ${status === 201 ? warnings.join() : JSON.stringify(body)}`
    } catch (error) {
      return isRestarting || restarted ? undefined : String(error)
    }
  }

  const isRight = (index: number, answer: string): boolean => {
    const { rule } = objects[index % objects.length] ?? {}
    return rule === undefined ? isClean('201 ', answer) : answer.startsWith('403 ') && answer.includes(rule)
  }

  const throughApiServer = async (): Promise<void> => {
    for (let index = 0; !isOver; index++) {
      const answer = await create(index)
      if (answer === undefined) await sleep(100)
      else if (isRight(index, answer)) done.throughApiServer++
      else wrong.push(`${objects[index % objects.length]?.rule ?? 'right'}: ${answer}`)
      await sleep(20)
    }
  }

  // As one more API server sends them, which is not restarted.
  const readObject = await makeObjectReader(controlPlane)
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/irsa-guard'
  const { webhooks } = (await readObject(path)) as { webhooks: { clientConfig: { caBundle: string } }[] } // as the manifests have it
  const ca = Buffer.from(webhooks[0]?.clientConfig.caBundle ?? '', 'base64')
  const agent = new Agent({ keepAlive: true, maxSockets: 4, ca })
  t.teardown(() => agent.destroy())
  const bodies = objects.map(({ object }) =>
    JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: { uid: 'u', operation: 'CREATE', namespace: 'shop', object }
    })
  )
  const direct = async (): Promise<void> => {
    for (let index = 0; !isOver; index++) {
      const rule = objects[index % objects.length]?.rule
      const answer = await postReview(service.port, agent, bodies[index % bodies.length], ca).then(
        ({ status, text }) => `${status ?? 0} ${text}`,
        String
      )
      const isExpected =
        rule === undefined
          ? isClean('200 ', answer) && answer.includes('"allowed":true')
          : answer.startsWith('200 ') && answer.includes('"allowed":false') && answer.includes(rule)
      if (isExpected) done.direct++
      else wrong.push(`direct, ${rule ?? 'right'}: ${answer}`)
      await sleep(20)
    }
  }

  const readMetrics = async (): Promise<string> => (await fetch(`${guard.serveHealth}/metrics`)).text()
  const failedOpen = async (): Promise<number> => {
    const { stdout } = await controlPlane.kubectl(['get', '--raw', '/metrics'])
    const counter = /^apiserver_admission_webhook_fail_open_count\{name="validate.irsa-guard.io".*\} (\d+)/m
    return Number(counter.exec(stdout)?.[1] ?? 0)
  }
  const expiry = async () => /certificate_expiry_timestamp_seconds (\d+)/.exec(await readMetrics())?.[1]

  async function rotateCertificate(): Promise<void> {
    const before = await expiry()
    await sleep(1000) // certificates tell time in seconds
    await controlPlane.kubectl(['delete', 'secret', 'irsa-guard-serving-cert', '-n', 'irsa-guard'])
    // The controller watches this object; the Secret it reads twice a minute.
    const touch = ['label', 'validatingwebhookconfiguration', 'irsa-guard', `rotated=t${sizes.length}`]
    await controlPlane.kubectl([...touch, '--overwrite'])
    await waitFor('the new certificate', async () => (await expiry()) !== before, patience)
  }

  /** As a Deployment does: the new one first; the old one gets SIGTERM, and a moment later no new connection. */
  async function roll(): Promise<void> {
    const old = replica
    replica = await guard.startAnother('serve')
    service.replicas = [veteran, old.port, replica.port]
    const gone = old.stop()
    await sleep(500)
    service.replicas = [veteran, replica.port]
    await gone
  }

  async function restartApiServer(failedBefore: number): Promise<void> {
    t.equal(await failedOpen(), failedBefore, 'no review failed open')
    isRestarting = true
    await controlPlane.stopApiServer()
    await controlPlane.startApiServer()
    isRestarting = false
  }

  const sizesOf = async (): Promise<Record<'serve' | 'controller', ProcessSize>> => ({
    serve: await readProcessSize('serve', `${guard.folder}/serve.yaml`),
    controller: await readProcessSize('controller', `${guard.folder}/controller.yaml`)
  })

  await waitFor(
    'the right answer to each object',
    async () => {
      for (const index of objects.keys()) {
        const answer = (await create(index)) ?? ''
        if (!isRight(index, answer)) throw new Error(`${index}: ${answer}`)
      }
      return true
    },
    patience
  )
  const tell = (size: Awaited<ReturnType<typeof sizesOf>>): void => {
    const shown = Object.entries(size).map(
      ([name, { memory, files }]) => `${name} has ${memory.toFixed()} MB and ${files} open files`
    )
    t.comment(
      `${done.throughApiServer} reviews through the API server, ${done.direct} direct, ${wrong.length} failed or wrong; ${shown.join(', ')}`
    )
  }
  const clients = [throughApiServer(), throughApiServer(), direct(), direct()]
  const end = performance.now() + minutes * 60_000
  const sizes: Awaited<ReturnType<typeof sizesOf>>[] = []
  let failed = await failedOpen()
  do {
    await rotateCertificate()
    await roll()
    await restartApiServer(failed)
    failed = 0 // the new process of the API server counts from there
    const before = done.throughApiServer
    await waitFor('reviews after the restart', async () => done.throughApiServer > before + 100, patience)
    const size = await sizesOf()
    sizes.push(size)
    tell(size)
  } while (performance.now() < end && wrong.length === 0)

  const warm = sizes[0]
  /** The least growth over three rounds in MB: V8's steps fall into some of them, what is left behind into all. */
  const growth = (name: 'serve' | 'controller'): number =>
    Math.min(...sizes.slice(3).map((size, index) => size[name].memory - (sizes[index]?.[name].memory ?? 0)))
  for (let more = 0; more < 12 && !(growth('serve') < 32 && growth('controller') < 32); more++) {
    const before = done.direct
    await waitFor('further reviews', async () => done.direct > before + 200, patience)
    sizes.push(await sizesOf())
  }
  t.equal(await failedOpen(), failed, 'no review failed open')
  isOver = true
  await Promise.all(clients)
  agent.destroy()

  t.strictSame(wrong.slice(0, 10), [], `${wrong.length} failed or wrong`)
  t.ok(done.throughApiServer > 100 && done.direct > 100, JSON.stringify(done))
  tell(await sizesOf())
  for (const name of ['serve', 'controller'] as const) {
    t.ok(growth(name) < 32, `${name} has grown by ${growth(name).toFixed()} MB at least in three rounds`)
    await waitFor(
      `no more open files of ${name} than after the first round, but for ten`,
      async () => (await sizesOf())[name].files <= (warm?.[name].files ?? 0) + 10,
      patience
    )
  }
})
