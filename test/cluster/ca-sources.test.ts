import t from 'tap'
import { caOfObject } from '../../src/commands/ca-object.js'
import { findCertManager, startCertManager } from '../control-plane/cert-manager.ts'
import { startGuard } from '../control-plane/guard.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { issueCertificate } from '../support/cert-manager-objects.js'
import { runInProcess } from '../support/guard-in-process.js'

const [enforced, warned, openshift] = [
  'pod-identity-webhook.amazonaws.com',
  'pod-identity-webhook.aws.mutate.io',
  'iam-for-pods.amazonaws.com'
]
const base64 = (pem: string): string => Buffer.from(pem).toString('base64')
const configuration = (name: string, annotations: object, names: readonly string[]): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name, annotations },
  webhooks: names.map((webhook) => ({
    name: webhook,
    clientConfig: { service: { namespace: 'identity', name: 'webhook', path: '/mutate' } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    objectSelector: { matchLabels: { none: 'none' } },
    failurePolicy: 'Ignore',
    sideEffects: 'None',
    admissionReviewVersions: ['v1beta1']
  }))
})

const certManager = await findCertManager().catch((error: unknown) => String(error))

t.test(
  'the sources of injectors',
  { skip: typeof certManager === 'string' ? certManager : false },
  async (t) => {
    if (typeof certManager === 'string') return
    const controlPlane = await startControlPlane()
    t.teardown(() => controlPlane.stop())
    const kubectl = (...args: string[]) => controlPlane.kubectl(args)
    const create = async (object: object) =>
      t.match(await controlPlane.kubectl(['create', '-f', '-'], JSON.stringify(object)), { code: 0 })
    await kubectl('create', 'namespace', 'identity')
    const guard = await startGuard(controlPlane, {
      run: runInProcess,
      config: { caBundle: { enforce: [enforced] } }
    })
    t.teardown(() => guard.stop())

    const write = (name: string, index: number, pem: string, ...more: string[]) => {
      const patch = [{ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: base64(pem) }]
      return kubectl(
        'patch',
        'mutatingwebhookconfiguration',
        name,
        '--type=json',
        '-p',
        JSON.stringify(patch),
        ...more
      )
    }
    const dryRun = (index: number, pem: string) => write('by-certificate', index, pem, '--dry-run=server')
    const bundle = async (): Promise<string> => {
      const { stdout } = await kubectl(
        'get',
        'mutatingwebhookconfiguration',
        'by-certificate',
        '-o',
        'jsonpath={.webhooks[0].clientConfig.caBundle}'
      )
      return Buffer.from(stdout, 'base64').toString()
    }
    const stateIs = (webhook: string, state: string): Promise<unknown> =>
      waitFor(
        `${webhook} ${state}`,
        async () =>
          (await (await fetch(`${guard.controllerHealth}/metrics`)).text()).includes(
            `{webhook="${webhook}",state="${state}"} 1`
          ),
        65_000
      )
    const published = async (pem: string): Promise<boolean> => {
      const { stdout } = await kubectl(
        'get',
        'webhooktrust',
        'cluster',
        '-o',
        `jsonpath={.spec.webhooks[?(@.name=="${enforced}")].complete}`
      )
      return stdout.includes(base64(pem))
    }
    const [first, second, foreign] = await Promise.all(
      [1, 2, 3].map(async () => `${(await controlPlane.createClusterCa()).certificatePem.trimEnd()}\n`)
    )
    if (first === undefined || second === undefined || foreign === undefined) return

    await t.test('without cert-manager nothing is judged, and that is said once', async (t) => {
      await create(
        configuration('by-certificate', { 'cert-manager.io/inject-ca-from': 'identity/webhook' }, [
          enforced,
          warned
        ])
      )
      await stateIs(`by-certificate/${enforced}`, 'absent')
      t.match(await write('by-certificate', 0, foreign), { code: 0, stderr: /^$/ })
      await stateIs(`by-certificate/${enforced}`, 'unknown')
      const { stdout } = await kubectl(
        'get',
        'webhooktrust',
        'cluster',
        '-o',
        'jsonpath={.status.webhooks[*].because}'
      )
      t.match(stdout, /the current CAs are unknown: there is no Certificate identity\/webhook/)
      t.equal(
        guard
          .controllerLog()
          .split(`there is no Certificate identity/webhook","msg":"the injector's CAs are unknown`).length,
        3,
        'once for each webhook'
      )
      await kubectl('delete', 'mutatingwebhookconfiguration', 'by-certificate')
    })

    const cainjector = await startCertManager(controlPlane, certManager)
    t.teardown(() => cainjector.stop())

    await t.test('what cainjector fills in is right, and another CA is not', async (t) => {
      await issueCertificate(controlPlane, { revision: 1, ca: first })
      await create(
        configuration('by-certificate', { 'cert-manager.io/inject-ca-from': 'identity/webhook' }, [
          enforced,
          warned
        ])
      )
      await stateIs(`by-certificate/${enforced}`, 'ok')
      await stateIs(`by-certificate/${warned}`, 'ok')
      t.equal(await bundle(), first)
      t.match(
        guard.controllerLog(),
        /"source":"Certificate identity\/webhook \(CertificateRequest identity\/webhook-1\)"/
      )

      t.match(await dryRun(0, foreign), { code: 1, stderr: /irsa-guard-ca-bundle-deny/ })
      t.match(await dryRun(0, first + foreign), { code: 1 }, 'an unknown CA beside')
      t.match(await dryRun(0, first.trimEnd()), { code: 0, stderr: /^$/ })
      t.match(await dryRun(1, foreign), {
        code: 0,
        stderr: /^Warning: .*pod-identity-webhook\.aws\.mutate\.io/s
      })
    })

    await t.test(
      'a new revision with a new CA: cainjector merges, nothing is denied, and the new one alone is right',
      async (t) => {
        await issueCertificate(controlPlane, { revision: 2, ca: second })
        await waitFor('the merged bundle', async () => (await bundle()) === first + second)
        await waitFor('the new list', () => published(second), 65_000)
        await stateIs(`by-certificate/${enforced}`, 'ok')
        t.notMatch(cainjector.output(), /denied|is forbidden/)

        for (const pem of [second, second + first, first + second])
          t.match(await dryRun(0, pem), { code: 0, stderr: /^$/ })
        t.match(await dryRun(0, foreign), { code: 1 })
        t.match(await dryRun(0, second + foreign), { code: 1 })
        // Nobody sees what is served here, and the former CA may still sign that.
        t.match(await dryRun(0, first), { code: 0, stderr: /^Warning: / })
      }
    )

    const ca = async (name: string): Promise<unknown> => {
      let text = ''
      const options = {
        kubeconfig: controlPlane.kubeconfig,
        fix: true,
        output: [{ format: 'json', file: undefined }]
      } as const
      const terminal = { stdout: (part: string) => (text += part), stderr: () => undefined }
      await caOfObject(`mutatingwebhookconfiguration/${name}`, options, terminal, { environment: {} })

      return JSON.parse(text)
    }
    await t.test('the command ca says the same', async (t) => {
      const source = 'Certificate identity/webhook (CertificateRequest identity/webhook-2)'
      t.match(await ca('by-certificate'), [
        { webhook: enforced, state: 'ok', source, repaired: undefined },
        { webhook: warned, state: 'ok', source }
      ])
    })

    await t.test("OpenShift's service CA is read from its ConfigMap", async (t) => {
      const serviceCa = (namespace: string, pem: string) =>
        create({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'openshift-service-ca.crt', namespace },
          data: { 'service-ca.crt': pem }
        })
      await serviceCa('identity', foreign) // whoever may write ConfigMaps there
      await serviceCa('kube-system', first)
      await create(
        configuration('by-service-ca', { 'service.beta.openshift.io/inject-cabundle': 'true' }, [openshift])
      )
      t.match(await write('by-service-ca', 0, first), { code: 0 })
      await stateIs(`by-service-ca/${openshift}`, 'ok')
      t.match(await write('by-service-ca', 0, foreign), {
        code: 0,
        stderr: /^Warning: .*iam-for-pods\.amazonaws\.com/s
      })
      await stateIs(`by-service-ca/${openshift}`, 'foreign')
      t.match(await ca('by-service-ca'), [{ webhook: openshift, state: 'foreign', repaired: base64(first) }])
    })

    await t.test('cert-manager goes: what is in place stays, and nothing more is denied', async (t) => {
      await cainjector.stop()
      await kubectl('delete', 'crd', 'certificates.cert-manager.io', 'certificaterequests.cert-manager.io')
      await kubectl('label', 'mutatingwebhookconfiguration', 'by-certificate', 'touched=true')
      await stateIs(`by-certificate/${enforced}`, 'unknown')
      t.match(await dryRun(0, foreign), { code: 0, stderr: /^$/ })
    })
  }
)
