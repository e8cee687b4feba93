import t from 'tap'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { chart, findHelms } from '../support/helm.ts'

const controlPlane = await startControlPlane()
t.teardown(() => controlPlane.stop())
const helms = await findHelms(controlPlane.folder)
const bundle = Buffer.from(controlPlane.clusterCa.certificatePem).toString('base64')
const bundles = [
  'get',
  'validatingwebhookconfiguration',
  'irsa-guard',
  '-o',
  'jsonpath={.webhooks[*].clientConfig.caBundle}'
]
const installed = [
  'get',
  'crd,validatingwebhookconfiguration,validatingadmissionpolicy,validatingadmissionpolicybinding,clusterrole,clusterrolebinding,priorityclass,namespace',
  '-l',
  'app.kubernetes.io/part-of=irsa-guard',
  '-o',
  'name'
]

// Nothing here waits for pods, because there is no kubelet. Helm 4 without server-side apply does as Helm 3.
for (const { helm, flags } of helms.map((helm) => ({
  helm,
  flags: helm.name === 'helm3' ? [] : ['--server-side=true']
})))
  t.test(
    `${helm.name} ${flags.join(' ')} installs, upgrades, rolls back and removes the chart`,
    async (t) => {
      const release = ['--kubeconfig', controlPlane.kubeconfig, '--namespace', 'irsa-guard']
      const run = (...args: string[]) => helm.run([...args, ...release])
      const kubectl = async (args: string[], input?: string): Promise<string> => {
        const { code, stdout, stderr } = await controlPlane.kubectl(args, input)
        t.equal(code, 0, `kubectl ${args.slice(0, 2).join(' ')} ${stderr}`)
        return stdout
      }
      const keepsBundle = async (after: string): Promise<void> => {
        t.strictSame((await kubectl(bundles)).split(' '), [bundle, bundle], `the caBundle stays: ${after}`)
      }

      t.match(await run('install', 'irsa-guard', chart, '--create-namespace', ...flags), {
        code: 0,
        stderr: ''
      })
      const patch = [0, 1].map((index) => ({
        op: 'add',
        path: `/webhooks/${index}/clientConfig/caBundle`,
        value: bundle
      }))
      await kubectl([
        'patch',
        'validatingwebhookconfiguration',
        'irsa-guard',
        '--type=json',
        '-p',
        JSON.stringify(patch)
      ])

      t.match(await run('upgrade', 'irsa-guard', chart, '--set', 'serve.replicas=3', ...flags), { code: 0 })
      await keepsBundle('upgrade')
      t.match(await run('rollback', 'irsa-guard', '1', ...flags), { code: 0 })
      await keepsBundle('rollback')
      const rendered = await run('template', 'irsa-guard', chart)
      for (const manager of ['argocd-controller', 'kustomize-controller']) {
        await kubectl(
          ['apply', '--server-side', '--force-conflicts', `--field-manager=${manager}`, '-f', '-'],
          rendered.stdout
        )
        await keepsBundle(manager)
      }

      t.match(await run('uninstall', 'irsa-guard'), { code: 0 })
      await waitFor(
        'the end of all objects',
        async () => (await controlPlane.kubectl(installed)).stdout === ''
      )
      await kubectl(['create', 'serviceaccount', `after-${helm.name}`])
      await kubectl(['delete', 'namespace', 'irsa-guard'])
    }
  )
