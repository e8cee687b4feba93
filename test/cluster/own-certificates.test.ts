import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { status } from '../../src/commands/status.js'
import { issueCa, issueServing } from '../../src/controller/certificates/issue-certificate.js'
import type { Check } from '../../src/status/check.js'
import { findFreePort } from '../control-plane/free-port.ts'
import { startGuard } from '../control-plane/guard.ts'
import { writeIdentity } from '../control-plane/service-account-identity.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { issueCertificate } from '../support/cert-manager-objects.js'
import { runInProcess } from '../support/guard-in-process.js'
import { chart, findHelms } from '../support/helm.ts'

const controlPlane = await startControlPlane()
t.teardown(() => controlPlane.stop())
const [helm] = await findHelms(controlPlane.folder)
const runHelm = async (args: readonly string[], values: object = {}): Promise<void> => {
  const release = ['--kubeconfig', controlPlane.kubeconfig, '--namespace', 'irsa-guard']
  const { code, stderr } = (await helm?.run([...args, ...release], JSON.stringify(values))) ?? {
    code: 1,
    stderr: 'no Helm'
  }
  if (code !== 0) throw new Error(`helm ${args[0] ?? ''}: ${stderr}`)
}
const withValues = [chart, '--values', '-', '--create-namespace']
const kubectl = async (args: readonly string[], object?: unknown): Promise<string> => {
  const { code, stdout, stderr } = await controlPlane.kubectl(
    [...args],
    object === undefined ? undefined : JSON.stringify(object)
  )
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)

  return stdout
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const hour = 3_600_000
const validity = { from: new Date(Date.now() - hour), until: new Date(Date.now() + 90 * 24 * hour) }
const [first, second] = [issueCa('corporate root', validity), issueCa('next root', validity)]
const own = ['validatingwebhookconfiguration', 'irsa-guard']
const bundles = async (): Promise<readonly string[]> =>
  (await kubectl(['get', ...own, '-o', 'jsonpath={.webhooks[*].clientConfig.caBundle}'])).split(' ')
const patchWebhooks = async (...operations: readonly object[]): Promise<void> => {
  const patch = [0, 1].flatMap((index) =>
    operations.map((operation) => ({
      ...operation,
      path: `/webhooks/${index}/clientConfig/${(operation as { path: string }).path}`
    }))
  )
  await kubectl(['patch', ...own, '--type=json', '-p', JSON.stringify(patch)])
}
const metricsOf = async (health: string): Promise<string> => (await fetch(`${health}/metrics`)).text()
const stateIs = async (health: string, state: string): Promise<unknown> =>
  waitFor(
    `own webhook ${state}`,
    async () => {
      const metrics = await metricsOf(health)
      return ['validate', 'workloads'].every((name) =>
        metrics.includes(`{webhook="irsa-guard/${name}.irsa-guard.io",state="${state}"} 1`)
      )
    },
    240_000
  )
const statusOf = async (): Promise<Readonly<Record<string, Check>>> => {
  let text = ''
  await status(
    {
      kubeconfig: controlPlane.kubeconfig,
      namespace: 'irsa-guard',
      output: [{ format: 'json', file: undefined }]
    },
    { stdout: (part) => (text += part) },
    { environment: {} }
  )
  const { checks } = JSON.parse(text) as { checks: readonly Check[] }

  return Object.fromEntries(checks.map((check) => [check.check, check]))
}

t.test('certificates of your own: the webhook denies, and the controller touches nothing', async (t) => {
  const serving = issueServing(first, ['127.0.0.1', 'irsa-guard.irsa-guard.svc'], validity)
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name: 'irsa-guard-serving-cert', namespace: 'irsa-guard' },
    stringData: { 'tls.crt': serving.certificate, 'tls.key': serving.key }
  }
  const caBundle = base64(first.certificate)
  const certificates = { existingSecret: 'irsa-guard-serving-cert', caBundle }
  const guard = await startGuard(controlPlane, {
    run: runInProcess,
    config: { tls: { managed: false } },
    install: async (url) => {
      await kubectl(['create', 'namespace', 'irsa-guard'])
      await kubectl(['create', '-f', '-'], secret)
      await runHelm(['install', 'irsa-guard', ...withValues], { certificates })
      t.strictSame(await bundles(), [caBundle, caBundle], 'Helm writes the caBundle')
      await patchWebhooks({ op: 'add', path: 'url', value: url }, { op: 'remove', path: 'service' }) // no kubelet
    }
  })
  t.teardown(() => guard.stop())

  const wrong = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'wrong',
      namespace: 'default',
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:user/wrong' }
    }
  }
  t.match(await controlPlane.kubectl(['create', '-f', '-'], JSON.stringify(wrong)), {
    code: 1,
    stderr: /role-arn-malformed/
  })

  await stateIs(guard.controllerHealth, 'unknown') // the loopback address of the test shows no chain
  const checks = await statusOf()
  t.match(checks, {
    'webhook-ca': { state: 'ok', message: /corporate root/ },
    'serving-certificate': { state: 'ok', message: /the API server accepts it for 127\.0\.0\.1/ },
    rights: { state: 'ok' },
    'self-test': { state: 'ok' },
    'policy-test': { state: 'unknown', because: /tls\.managed is false/ }
  })

  await patchWebhooks({ op: 'remove', path: 'caBundle' })
  await stateIs(guard.controllerHealth, 'absent')
  await patchWebhooks({ op: 'add', path: 'caBundle', value: base64(second.certificate) })
  await stateIs(guard.controllerHealth, 'unknown')
  t.strictSame(await bundles(), [base64(second.certificate), base64(second.certificate)])

  t.match(await controlPlane.kubectl(['get', 'secret', '-n', 'irsa-guard', 'irsa-guard-ca']), {
    code: 1,
    stderr: /NotFound/
  })
  t.equal(
    await kubectl([
      'get',
      'secret',
      'irsa-guard-serving-cert',
      '-n',
      'irsa-guard',
      '-o',
      'jsonpath={.data.tls\\.crt}'
    ]),
    base64(serving.certificate)
  )
  t.notMatch(guard.controllerLog(), /certificates written|caBundle written|403|forbidden/)
  const expiry = /^irsa_guard_serving_certificate_expiry_timestamp_seconds \d/m
  t.notMatch(await metricsOf(guard.controllerHealth), expiry)
  t.match(await metricsOf(guard.serveHealth), expiry)

  await guard.stop()
  await runHelm(['uninstall', 'irsa-guard', '--wait'])
})

/** A kind of cert-manager with the fields of https://cert-manager.io/docs/reference/api-docs/ that are used here. */
const definition = (kind: string, spec: object): object => {
  const plural = `${kind.toLowerCase()}s`
  const any = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.cert-manager.io` },
    spec: {
      group: 'cert-manager.io',
      names: { kind, plural },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec, status: any } } }
        }
      ]
    }
  }
}
const texts = { type: 'array', items: { type: 'string' } }
const issuerRef = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string' }, kind: { type: 'string' }, group: { type: 'string' } }
}
const certificateSpec = {
  type: 'object',
  required: ['issuerRef', 'secretName'],
  properties: {
    secretName: { type: 'string' },
    issuerRef,
    dnsNames: texts,
    ipAddresses: texts,
    usages: {
      type: 'array',
      items: { enum: ['digital signature', 'key encipherment', 'server auth'], type: 'string' }
    },
    privateKey: {
      type: 'object',
      properties: {
        algorithm: { enum: ['RSA', 'ECDSA', 'Ed25519'], type: 'string' },
        rotationPolicy: { enum: ['Never', 'Always'], type: 'string' },
        size: { type: 'integer' }
      }
    }
  }
}
const requestSpec = {
  type: 'object',
  required: ['issuerRef', 'request'],
  properties: { issuerRef, request: { type: 'string' } }
}

t.test('a certificate from cert-manager: only its cainjector writes the caBundle', async (t) => {
  await kubectl(['create', '-f', '-'], definition('Certificate', certificateSpec))
  await kubectl(['create', '-f', '-'], definition('CertificateRequest', requestSpec))
  await kubectl(['wait', '--for=condition=Established', 'crd/certificates.cert-manager.io'])
  const issuer = { name: 'internal', kind: 'ClusterIssuer', group: 'cert-manager.io' }
  const values = { certificates: { certManager: { enabled: true, issuerRef: issuer } } }
  await runHelm(['install', 'irsa-guard', ...withValues], values)
  const existing = {
    namespace: 'irsa-guard',
    name: 'irsa-guard',
    secretName: 'irsa-guard-serving-cert',
    issuerRef: issuer
  }

  const folder = controlPlane.folder
  const identity = await writeIdentity(controlPlane, {
    namespace: 'irsa-guard',
    serviceAccount: 'irsa-guard-controller',
    folder
  })
  t.teardown(() => identity.stop())
  const [port, healthPort] = [await findFreePort(), await findFreePort()]
  const config = join(folder, 'with-cert-manager.yaml')
  await writeFile(config, stringify({ server: { port, healthPort }, tls: { managed: false } }))
  const controller = await runInProcess({
    name: 'controller',
    config,
    kubeconfig: identity.kubeconfig,
    env: { HOME: folder, POD_NAMESPACE: 'irsa-guard' }
  })
  t.teardown(() => controller.stop())
  const health = `http://127.0.0.1:${healthPort}`

  /** As cainjector with its feature gate ServerSideApply. https://cert-manager.io/docs/concepts/ca-injector/ */
  const inject = async (ca: string): Promise<void> => {
    const injected = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'irsa-guard' },
      webhooks: ['validate', 'workloads'].map((name) => ({
        name: `${name}.irsa-guard.io`,
        clientConfig: { caBundle: base64(ca) }
      }))
    }
    await kubectl(
      [
        'apply',
        '--server-side',
        '--validate=false',
        '--field-manager=cert-manager-cainjector',
        '--as=system:serviceaccount:cert-manager:cert-manager-cainjector',
        '--as-group=system:masters',
        '-f',
        '-'
      ],
      injected
    )
  }
  let revision = 0
  for (const { certificate: ca } of [first, second]) {
    revision++
    await inject(ca)
    await issueCertificate(controlPlane, { revision, ca, existing })
    await stateIs(health, 'ok')
    t.strictSame(await bundles(), [base64(ca), base64(ca)])
    const trust = JSON.parse(await kubectl(['get', 'webhooktrust', 'cluster', '-o', 'json'])) as {
      spec: { webhooks: readonly { name: string; complete: readonly string[] }[] }
    }
    const entry = trust.spec.webhooks.find(({ name }) => name === 'validate.irsa-guard.io')
    t.match(entry, {
      action: 'Warn',
      injectors: ['system:serviceaccount:cert-manager:cert-manager-cainjector']
    })
    t.ok(entry?.complete.includes(base64(ca)))
  }
  await waitFor(
    'the self-test of the policy, which warns',
    async () => /irsa_guard_self_test\{check="policy",[^}]*\} 1/.test(await metricsOf(health)),
    240_000
  )
  await runHelm(['upgrade', 'irsa-guard', ...withValues], { ...values, serve: { replicas: 3 } })
  t.strictSame(await bundles(), [base64(second.certificate), base64(second.certificate)], 'after an upgrade')

  const { metadata } = JSON.parse(await kubectl(['get', ...own, '-o', 'json', '--show-managed-fields'])) as {
    metadata: { managedFields: readonly { manager: string; fieldsV1: unknown }[] }
  }
  t.strictSame(
    metadata.managedFields
      .filter(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes('f:caBundle'))
      .map(({ manager }) => manager),
    ['cert-manager-cainjector']
  )
  t.match(await statusOf(), {
    'webhook-ca': { state: 'ok', message: /next root/ },
    'policy-test': { state: 'ok' },
    rights: { state: 'ok' }
  })
  t.notMatch(controller.output(), /certificates written|caBundle written|403|forbidden/)
})
