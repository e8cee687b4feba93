import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startGuard } from '../control-plane/guard.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'

const account = '111122223333'
const good = `arn:aws:iam::${account}:role/team/cart`
const bad = `arn:aws:iam::${account}:policy/cart`

interface Changes {
  name?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

const serviceAccount = (
  role: string,
  { name = 'cart', labels = {}, annotations = {} }: Changes = {}
): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name,
      namespace: 'default',
      labels,
      annotations: { 'eks.amazonaws.com/role-arn': role, ...annotations }
    }
  })

t.test('the guard, installed from its manifests, on a real API server', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const apply = (manifest: string) => controlPlane.kubectl(['apply', '-f', '-'], manifest)

  // The example's role trusts shop/cart; here everything happens in the namespace default.
  const iam = `${t.testdir()}/iam.json`
  const snapshot = JSON.parse(
    readFileSync('examples/iam.json', 'utf8').replaceAll('serviceaccount:shop:', 'serviceaccount:default:')
  ) as { roles: object[] }
  snapshot.roles.push({
    arn: `arn:aws:iam::${account}:role/for-pod-identity`,
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'pods.eks.amazonaws.com' },
          Action: ['sts:AssumeRole', 'sts:TagSession']
        }
      ]
    }
  })
  writeFileSync(iam, JSON.stringify(snapshot))

  t.match(
    await apply(serviceAccount(bad, { name: 'old' })),
    { code: 0 },
    'before the guard is there, the mistake goes through'
  )
  const guard = await startGuard(controlPlane, { config: { iam: { files: [iam] } } })
  t.teardown(() => guard.stop())

  await t.test('denies what this request makes wrong, in the words that check uses', async (t) => {
    const denied = await apply(serviceAccount(bad))
    t.equal(denied.code, 1)
    t.equal(
      denied.stderr,
      `Error from server (Forbidden): error when creating "STDIN": admission webhook "validate.irsa-guard.io" denied the request: service account default/cart: role-arn-malformed: the annotation is the ARN of a policy, not of a role: "${bad}"
  fix: write the ARN of a role, arn:aws:iam::<12-digit-account>:role/<path/><name>
`
    )
    const args = ['dist/cli.js', 'check', '-', '--iam', 'examples/iam.json']
    const checked = spawnSync(process.execPath, args, { input: serviceAccount(bad), encoding: 'utf8' })
    t.match(checked, {
      status: 1,
      stdout: new RegExp(
        ` error  ServiceAccount default/cart  role-arn-malformed\\n +the annotation is the ARN of a policy, not of a role\\n +${bad}\\n`
      )
    })
    t.match(await apply(serviceAccount(`arn:aws-cn:iam::${account}:role/team/cart`)), {
      code: 1,
      stderr:
        /role-arn-partition-mismatch: role arn:aws-cn:.* is in partition aws-cn, but the cluster is in aws\n/
    })
  })

  await t.test('accepts what is right in silence, and warns about what may come to be', async (t) => {
    t.match(await apply(serviceAccount(good)), { code: 0, stderr: '' })
    t.match(await apply(serviceAccount(`arn:aws:iam::${account}:role/gone`, { name: 'early' })), {
      code: 0,
      stderr: /^Warning: role-missing: role .*role\/gone does not exist\nWarning: role-missing: fix: /
    })
  })

  await t.test('only warns about a role for EKS Pod Identity, whose association it cannot see', async (t) => {
    const { code, stderr } = await apply(
      serviceAccount(`arn:aws:iam::${account}:role/for-pod-identity`, { name: 'pod-identity' })
    )
    t.equal(code, 0)
    t.match(stderr, /^Warning: trust-action-missing: .* EKS Pod Identity/)
    t.notMatch(stderr, /oidc-provider-missing/)
  })

  await t.test('an update that breaks the audience is denied, although the role stays', async (t) => {
    const changed = serviceAccount(good, { annotations: { 'eks.amazonaws.com/audience': 'vault' } })
    t.match(await apply(changed), { code: 1, stderr: /trust-audience-mismatch/ })
  })

  await t.test('is silent about a label, warns about another annotation, lets go', async (t) => {
    t.match(await apply(serviceAccount(bad, { name: 'old', labels: { team: 'a' } })), { code: 0, stderr: '' })
    t.match(
      await apply(serviceAccount(bad, { name: 'old', labels: { team: 'a' }, annotations: { note: 'b' } })),
      {
        code: 0,
        stderr: /^Warning: role-arn-malformed: /
      }
    )
    t.match(await controlPlane.kubectl(['delete', 'serviceaccount', 'old']), { code: 0, stderr: '' })
  })

  await t.test('obeys the mode of the namespace', async (t) => {
    const label = async (mode: string) => {
      t.match(
        await controlPlane.kubectl([
          'label',
          '--overwrite',
          'namespace',
          'default',
          `irsa-guard.io/mode=${mode}`
        ]),
        { code: 0 }
      )
    }
    const create = () =>
      controlPlane.kubectl(['create', '--dry-run=server', '-f', '-'], serviceAccount(bad, { name: 'new' }))
    for (const [mode, expected] of [
      ['warn', /^Warning: role-arn-malformed: /],
      ['audit', /^$/],
      ['off', /^$/],
      ['enforce', /denied the request/]
    ] as const) {
      await label(mode)
      const seen = await waitFor(`mode ${mode}`, async () => {
        const { stderr } = await create()
        return expected.test(stderr) && { stderr }
      })
      t.match(seen.stderr, expected, mode)
    }
  })

  await t.test('in mode warn, counts and logs what enforce would deny', async (t) => {
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'trial', labels: { 'irsa-guard.io/mode': 'warn' } }
    }
    t.match(await apply(JSON.stringify(namespace)), { code: 0, stderr: '' })
    const counted = async (): Promise<number> =>
      Number(
        /^irsa_guard_would_deny_total\{rule="role-arn-malformed"\} (\d+)$/m.exec(
          await (await fetch(`${guard.serveHealth}/metrics`)).text()
        )?.[1] ?? 0
      )
    const before = await counted()
    const manifest = serviceAccount(bad).replace('"default"', '"trial"')
    await waitFor('mode warn', async () => (await apply(manifest)).code === 0)
    t.ok((await counted()) > before)
    const line = guard
      .serveLog()
      .split('\n')
      .find((line) => line.includes('would be denied') && line.includes('trial'))
    t.match(JSON.parse(line ?? '{}'), {
      kind: 'ServiceAccount',
      namespace: 'trial',
      name: 'cart',
      operation: 'CREATE',
      mode: 'warn',
      rule: 'role-arn-malformed',
      message: /ARN of a policy/
    })
  })

  await t.test('warns about settings of a namespace that have no effect', async (t) => {
    const namespace = (mode: string): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'typo', labels: { 'irsa-guard.io/mode': mode } }
      })
    t.match(await apply(namespace('enfroce')), {
      code: 0,
      stderr: /^Warning: namespace-setting-invalid: label irsa-guard.io\/mode is "enfroce"; expected/
    })
    t.match(await apply(namespace('enforce')), { code: 0, stderr: '' })
    t.match(await controlPlane.kubectl(['delete', 'namespace', 'typo', '--wait=false']), {
      code: 0,
      stderr: ''
    })
  })

  await t.test(
    'never is the outage: while it is stopped, everything passes, and the API server counts it',
    async (t) => {
      const failOpen = async () => {
        const { stdout } = await controlPlane.kubectl(['get', '--raw', '/metrics'])
        return Number(
          /^apiserver_admission_webhook_fail_open_count\{name="validate.irsa-guard.io",type="validating"\} (\d+)/m.exec(
            stdout
          )?.[1] ?? 0
        )
      }
      await guard.stopServe()
      const before = await failOpen()
      t.match(await apply(serviceAccount(bad, { name: 'meanwhile' })), { code: 0 })
      t.ok((await failOpen()) > before)
      await guard.startServe()
      await waitFor('a denial', async () => (await apply(serviceAccount(bad, { name: 'again' }))).code === 1)
    }
  )

  await t.test(
    'removed with one command while it runs, it leaves nothing behind and makes nothing anew',
    async (t) => {
      await waitFor(
        'a list',
        async () => (await controlPlane.kubectl(['get', 'webhooktrust', 'cluster'])).code === 0
      )
      t.match(await controlPlane.kubectl(['delete', '-k', 'manifests']), { code: 0 })
      const left = async (): Promise<string[]> => {
        const kinds = (await controlPlane.kubectl(['api-resources', '--verbs=list', '-o', 'name'])).stdout
          .trim()
          .split('\n')
        const listed = kinds.filter((kind) => !kind.startsWith('events')) // they go after an hour
        const { stdout } = await controlPlane.kubectl(['get', listed.join(','), '-A', '-o', 'name'])
        return [...kinds, ...stdout.split('\n')].filter((name) => /irsa-guard|webhooktrust/.test(name))
      }
      t.strictSame(await left(), [])
      await sleep(10_000) // each of the controller's works has tried again
      t.strictSame(await left(), [])
      t.match(await apply(serviceAccount(bad, { name: 'unguarded' })), { code: 0, stderr: /^$/ })
    }
  )
})
