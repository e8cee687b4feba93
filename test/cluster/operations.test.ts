// What an operator does with a running installation: commands of the runbooks, and a changed configuration.
import { readdirSync, readFileSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { run } from '../control-plane/run.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { standInWith } from '../support/pod-cluster.js'

// What kubectl answers about objects that exist, where nothing runs them.
const elsewhere =
  /pod is not running|Metrics API not available|doesn't have a resource type "(?:reports|certificate)"/

// Rounds come twice a minute, and a slow machine may need several.
const patience = 240_000

t.test('an installation that runs', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const identityWebhook = await startIdentityWebhook(controlPlane, {
    command: standInWith(`${t.testdir()}/faults`)
  })
  t.teardown(() => identityWebhook.stop())
  const guard = await startGuard(controlPlane)
  t.teardown(() => guard.stop())
  const metrics = async (): Promise<string> => (await fetch(`${guard.controllerHealth}/metrics`)).text()
  await waitFor(
    'the first rounds',
    async () => (await metrics()).includes('irsa_guard_self_test{check="policy"'),
    patience
  )

  await t.test('the commands of the runbooks name what exists', async (t) => {
    const pages = readdirSync('docs/runbooks').map((page) => `docs/runbooks/${page}`)
    const ran = { kubectl: 0, 'irsa-guard': 0 }
    for (const page of [...pages, 'docs/switch-off.md'])
      for (const line of commandsOf(readFileSync(page, 'utf8'))) {
        const [program, ...args] = await wordsOf(line)
        const shown = `${page}: ${line}`
        if (program === 'kubectl') {
          ran.kubectl++
          const has = (...words: string[]): boolean => words.some((word) => args.includes(word))
          const { code, stderr } = await controlPlane.kubectl([
            // A restart has no dry run, and there is nothing to restart.
            ...args.map((word) => (word === 'restart' ? 'status' : word)),
            ...(has('restart') ? ['--watch=false'] : []),
            ...(has('delete') ? ['--dry-run=server'] : []),
            ...(has('logs', 'port-forward') ? ['--pod-running-timeout=1s'] : [])
          ])
          // Without a kubelet, no container runs. Neither OpenReports, cert-manager nor a metrics server is installed.
          if (has('port-forward', 'top', 'reports', 'certificate')) t.match(stderr, elsewhere, shown)
          else {
            t.match({ code, stderr }, { code: 0, stderr: /^(?!.*not found)/i }, shown)
            if (!has('events', 'logs')) t.equal(stderr, '', shown)
          }
        } else if (program === 'irsa-guard') {
          ran['irsa-guard']++
          const { code, text } = await run(process.execPath, ['dist/cli.js', ...args], {
            env: { ...process.env, KUBECONFIG: controlPlane.kubeconfig }
          })
          t.ok([0, 1].includes(code), `${shown}: ${code}\n${text}`)
        }
      }
    t.ok(ran.kubectl > 20 && ran['irsa-guard'] > 5, JSON.stringify(ran))
  })

  await t.test('the controller takes a changed configuration and refuses a broken one', async (t) => {
    const file = `${guard.folder}/controller.yaml`
    const config = parse(await readFile(file, 'utf8')) as object
    const write = async (changes: object): Promise<void> => {
      await writeFile(`${file}.new`, stringify({ ...config, ...changes }))
      await rename(`${file}.new`, file) // as a kubelet, at once
    }
    const guarded = async (name: string): Promise<boolean> =>
      (
        await controlPlane.kubectl([
          'get',
          'webhooktrust',
          'cluster',
          '-o',
          'jsonpath={.spec.webhooks[*].name}'
        ])
      ).stdout.includes(name)
    const reloaded = async (value: string): Promise<boolean> =>
      (await metrics()).includes(`irsa_guard_config_last_reload_successful ${value}\n`)
    const webhook = (name: string): string =>
      JSON.stringify({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name },
        webhooks: [
          {
            name: `${name}.example.com`,
            admissionReviewVersions: ['v1'],
            sideEffects: 'None',
            failurePolicy: 'Ignore',
            clientConfig: { url: 'https://127.0.0.1:1/' },
            rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }]
          }
        ]
      })
    for (const name of ['first', 'second'])
      t.match(await controlPlane.kubectl(['apply', '-f', '-'], webhook(name)), { code: 0 })

    await write({ caBundle: { guard: ['first.example.com'] } })
    await waitFor('the webhook that the configuration adds', () => guarded('first.example.com'), patience)
    t.ok(await reloaded('1'))

    await write({ caBundle: { guard: ['second.example.com'] }, mode: 'wran' })
    await waitFor('a refusal', () => reloaded('0'), patience)
    await waitFor(
      'the reason in the log',
      async () => /mode is [^\n]*wran[^\n]*the changed configuration was refused/.test(guard.controllerLog()),
      patience
    )
    const before = guard.controllerLog().split('\n').length
    // A round later, the previous configuration is still in use.
    await controlPlane.kubectl(['annotate', 'validatingwebhookconfiguration', 'first', 'touched=true'])
    await waitFor('another round', async () => (await metrics()).includes('irsa_guard_self_test{'), patience)
    t.equal(await guarded('first.example.com'), true)
    t.equal(await guarded('second.example.com'), false)
    t.ok(guard.controllerLog().split('\n').length < before + 20)

    await write({ caBundle: { guard: ['second.example.com'] } })
    await waitFor('the repair', () => reloaded('1'), patience)
    await waitFor('the webhook that it adds', () => guarded('second.example.com'), patience)
    t.match(await (await fetch(`${guard.controllerHealth}/readyz`)).text(), /^ok/)
  })
})

/** The lines of a page's shell blocks, and the commands in its text that are complete. */
const commandsOf = (page: string): string[] => [
  ...[...page.matchAll(/^```sh\n([^]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n')),
  ...[...page.matchAll(/`(kubectl (?:delete|-n) [^`…]+)`/g)].map(([, command = '']) => command)
]

/** The words of a command up to its first pipe, as a shell splits them, with names in place of the placeholders. */
async function wordsOf(line: string): Promise<string[]> {
  const [command = ''] = line.replace(/ &$/, '').split(' | ', 1)
  const named = command
    .replace(/\bNAME\b/, 'pod-identity-webhook')
    .replace(/\bRULE\b/, 'role-missing')
    .replace(/\bOBJECT\b/, 'mutatingwebhookconfiguration/pod-identity-webhook')
  const { stdout } = await run('sh', ['-c', `printf '%s\\n' ${named}`])

  return stdout.split('\n').slice(0, -1)
}
