import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import t from 'tap'
import type { Finished } from '../control-plane/run.ts'
import { writeIdentity } from '../control-plane/service-account-identity.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'

interface Review {
  request: { uid: string; operation: string; kind: { kind: string }; namespace: string; name?: string }
}

const controlPlane = await startControlPlane()
t.teardown(() => controlPlane.stop())
const kubectl = async (args: string, object?: object): Promise<void> => {
  const finished = await controlPlane.kubectl(
    args.split(' '),
    object === undefined ? '' : JSON.stringify(object)
  )
  if (finished.code !== 0) throw new Error(`kubectl ${args}: ${finished.stderr}`)
}
await kubectl('apply -k manifests')

t.test('the pods meet the Pod Security Standard of their namespace', async (t) => {
  const pods = await waitFor('three pods', async () => {
    const read = await controlPlane.kubectl([
      'get',
      'pods',
      '-n',
      'irsa-guard',
      '-o',
      'jsonpath={.items[*].spec.serviceAccountName}'
    ])
    return read.stdout.split(' ').length === 3 ? read.stdout.split(' ').sort() : undefined
  })
  t.strictSame(pods, ['irsa-guard-controller', 'irsa-guard-serve', 'irsa-guard-serve'])
})

t.test('the API server asks about what the manifests register, and about nothing else', async (t) => {
  let asked: string[] = []
  const { certPem, keyPem } = await controlPlane.clusterCa.newServingCert('127.0.0.1')
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    void json(request).then((body) => {
      const { uid, operation, kind, namespace, name } = (body as Review).request // the API server sends nothing else
      asked.push(`${operation} ${kind.kind} ${namespace}/${name ?? ''}`)
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: { uid, allowed: true }
        })
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  t.teardown(close)
  const { port } = server.address() as AddressInfo // it listens on TCP

  const clientConfig = {
    url: `https://127.0.0.1:${port}/validate`,
    caBundle: Buffer.from(controlPlane.clusterCa.certificatePem).toString('base64')
  }
  const replaceClientConfig = [0, 1].map((index) => ({
    op: 'replace',
    path: `/webhooks/${index}/clientConfig`,
    value: clientConfig
  }))
  await kubectl(
    `patch validatingwebhookconfiguration irsa-guard --type json -p ${JSON.stringify(replaceClientConfig)}`
  )
  await kubectl('create namespace unguarded')
  await kubectl('label namespace unguarded irsa-guard.io/mode=off')
  await waitFor('the first call', async () => {
    await kubectl('create serviceaccount first --dry-run=server')
    return asked.length > 0
  })

  const template = {
    metadata: { labels: { app: 'a' } },
    spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] }
  }
  const pod = (name: string): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: template.spec
  })
  const always = { ...template, spec: { ...template.spec, restartPolicy: 'Always' } }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: { replicas: 1, selector: { matchLabels: { app: 'a' } }, template: always }
  }
  const nobodyElse = '--as=anna --as-group=system:masters'

  const cases: readonly (readonly [string, string, (object | undefined)?, string?])[] = [
    ['a new service account', 'create serviceaccount cart', undefined, 'CREATE ServiceAccount default/cart'],
    ['its labels', 'label serviceaccount cart team=shop'],
    [
      'its annotations',
      'annotate serviceaccount cart team=shop',
      undefined,
      'UPDATE ServiceAccount default/cart'
    ],
    ['its annotations as they were', 'annotate serviceaccount cart team=shop --overwrite'],
    [
      'its annotations, break-glass',
      `annotate serviceaccount cart team=a --overwrite ${nobodyElse} --as-group=irsa-guard:break-glass`
    ],
    [
      'its annotations, somebody else',
      `annotate serviceaccount cart team=b --overwrite ${nobodyElse}`,
      undefined,
      'UPDATE ServiceAccount default/cart'
    ],
    ['a token of it', 'create token cart'],
    ['its end', 'delete serviceaccount cart'],
    ['a pod', 'create -f -', pod('a'), 'CREATE Pod default/a'],
    ['its annotations', 'annotate pod a team=shop'],
    ['a pod that a node made', `create -f - ${nobodyElse} --as-group=system:nodes`, pod('mirror')],
    ['a service account of ours', 'create serviceaccount cart -n irsa-guard'],
    ['a service account where the guard is off', 'create serviceaccount cart -n unguarded'],
    [
      'a service account of the self-test',
      'create serviceaccount cart -n irsa-guard-canary --dry-run=server',
      undefined,
      'CREATE ServiceAccount irsa-guard-canary/cart'
    ],
    ['a deployment', 'create -f -', deployment, 'CREATE Deployment default/a'],
    ['its labels', 'label deployment a team=shop'],
    [
      'its spec',
      'replace -f -',
      { ...deployment, spec: { ...deployment.spec, minReadySeconds: 1 } },
      'UPDATE Deployment default/a'
    ],
    ['its scale', 'scale deployment a --replicas=0'],
    ['a cron job', 'create cronjob a --image=a --schedule=@daily', undefined, 'CREATE CronJob default/a'],
    ['something else', 'create configmap a']
  ]
  for (const [why, args, object, expected] of cases) {
    asked = []
    await kubectl(args, object)
    const direct = asked.filter((review) => !review.includes('/a-')) // the deployment's pods are asked about as well, at their time
    t.strictSame(direct, expected === undefined ? [] : [expected], why)
  }

  asked = []
  await kubectl('scale deployment a --replicas=1')
  await waitFor('a pod of the deployment', async () =>
    asked.some((review) => review.startsWith('CREATE Pod default/a-'))
  )
  t.notOk(
    asked.some((review) => review.includes('ReplicaSet')),
    'what a controller makes of it is not asked about, but for pods'
  )

  await close()
  await kubectl('create serviceaccount unasked')
  t.pass('with the guard gone, everything goes on')
})

t.test('the two service accounts have the rights that they need, and no others', async (t) => {
  const folder = t.testdir()
  const actAs = async (
    serviceAccount: string
  ): Promise<(args: string, object?: object) => Promise<Finished>> => {
    const identity = await writeIdentity(controlPlane, { namespace: 'irsa-guard', serviceAccount, folder })
    t.teardown(() => identity.stop())
    return (args, object) =>
      controlPlane.kubectl(
        [`--kubeconfig=${identity.kubeconfig}`, ...args.split(' ')],
        object === undefined ? '' : JSON.stringify(object)
      )
  }
  const controller = await actAs('irsa-guard-controller')
  const serve = await actAs('irsa-guard-serve')
  const may = { code: 0 }
  const mayNot = { code: 1, stderr: /forbidden/i }
  const webhookTrust = {
    apiVersion: 'irsa-guard.io/v1',
    kind: 'WebhookTrust',
    metadata: { name: 'cluster' },
    spec: { confirmedAt: '2026-11-22T10:00:00Z', webhooks: [] }
  }
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'a', namespace: 'default' },
    involvedObject: {
      kind: 'MutatingWebhookConfiguration',
      apiVersion: 'admissionregistration.k8s.io/v1',
      name: 'a'
    }
  }
  const canary = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'canary', namespace: 'irsa-guard-canary' },
    spec: {
      serviceAccountName: 'irsa-guard-canary',
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'canary',
          image: 'canary',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
        }
      ]
    }
  }
  const label = `-p={"metadata":{"labels":{"a":"b"}}}`

  t.match(await controller('create -f -', canary), mayNot, 'a pod for real')
  t.match(
    await controller('create -f - --dry-run=server', canary),
    { ...may, stderr: /^$/ },
    'the canary, which meets the Pod Security Standard too'
  )
  t.match(await controller('create serviceaccount a -n irsa-guard-canary'), mayNot)
  t.match(await controller('create serviceaccount a -n irsa-guard-canary --dry-run=server'), may)
  t.match(await controller('create serviceaccount a -n default --dry-run=server'), mayNot)
  for (const name of ['irsa-guard-ca', 'irsa-guard-serving-cert', 'another']) {
    t.match(await controller(`create secret generic ${name} -n irsa-guard`), may)
    t.match(await controller(`get secret ${name} -n irsa-guard`), name === 'another' ? mayNot : may, name)
    const updated = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'irsa-guard' } }
    t.match(await controller('replace -f -', updated), name === 'another' ? mayNot : may, name)
  }
  t.match(await controller('get secrets -n irsa-guard'), mayNot)
  t.match(await controller(`patch validatingwebhookconfiguration irsa-guard ${label}`), may)
  t.match(await controller('get mutatingwebhookconfigurations'), may)
  await kubectl('create -f -', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'other' },
    webhooks: []
  })
  t.match(
    await controller(`patch validatingwebhookconfiguration other ${label}`),
    mayNot,
    "somebody else's webhook"
  )
  t.match(await controller('apply --server-side -f -', webhookTrust), may)
  t.match(await controller(`patch webhooktrust cluster --type merge ${label}`), may)
  t.match(await controller('auth can-i patch webhooktrusts.irsa-guard.io/cluster --subresource=status'), may)
  t.match(await controller('create -f -', event), may)
  t.match(await controller('get configmap kube-root-ca.crt -n irsa-guard'), may)
  t.match(await controller('get configmap irsa-guard-config -n irsa-guard'), mayNot)
  t.match(await controller('get --raw /.well-known/openid-configuration'), may)
  t.match(await controller('get endpointslices -A'), may)
  t.match(await controller('get service kubernetes -n default'), may)
  for (const kinds of ['pods', 'serviceaccounts', 'namespaces'])
    // the background scan reads them
    t.match(await controller(`get ${kinds} -A`), may, kinds)
  for (const kinds of ['secrets', 'services']) t.match(await controller(`get ${kinds} -A`), mayNot, kinds)

  t.match(await serve('get --raw /.well-known/openid-configuration'), may)
  for (const kinds of ['serviceaccounts', 'namespaces', 'mutatingwebhookconfigurations'])
    t.match(await serve(`get ${kinds} -A`), may, kinds)
  for (const kind of ['deployment', 'daemonset', 'service', 'configmap']) {
    t.match(
      await serve(`get ${kind} pod-identity-webhook -n kube-system --ignore-not-found`),
      { ...may, stderr: /^$/ },
      kind
    )
    t.match(await serve(`get ${kind} another -n kube-system --ignore-not-found`), mayNot, `another ${kind}`)
  }
  for (const kinds of ['secrets', 'pods', 'webhooktrusts'])
    t.match(await serve(`get ${kinds} -A`), mayNot, kinds)
  t.match(await serve(`patch serviceaccount default -n default ${label}`), mayNot)
})
