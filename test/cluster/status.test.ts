import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { status, type StatusOptions } from '../../src/commands/status.js'
import type { Check, CheckName } from '../../src/status/check.js'
import { startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { clientCertificate, writeKubeconfig } from '../control-plane/kubeconfig.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { runInProcess } from '../support/guard-in-process.js'
import { schemaErrors } from '../support/schemas.js'

type Expected = Partial<
  Record<CheckName, { state: Check['state']; message?: RegExp; because?: RegExp; fix?: RegExp }>
>

t.test('status', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const kubectl = async (...args: string[]): Promise<string> => {
    const finished = await controlPlane.kubectl(args)
    if (finished.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${finished.stderr}`)

    return finished.stdout
  }
  const kubeconfigOf = async (user: string, groups: string[]): Promise<string> => {
    const file = join(controlPlane.folder, `${user}.kubeconfig`)
    const credentials = clientCertificate(await controlPlane.clientCertificate(user, groups))
    await writeKubeconfig(file, controlPlane.url, controlPlane.caFile, user, credentials)

    return file
  }
  const statusOf = async (options: Partial<StatusOptions> = {}) => {
    let text = ''
    const code = await status(
      {
        kubeconfig: controlPlane.kubeconfig,
        namespace: 'irsa-guard',
        output: [{ format: 'json', file: undefined }],
        ...options
      },
      { stdout: (part) => (text += part) },
      { environment: {} }
    )
    const printed = JSON.parse(text) as { checks: readonly Check[] }
    t.strictSame(schemaErrors('status', printed, { closed: true }), [])
    const { checks } = printed

    return { code, checks: Object.fromEntries(checks.map((check) => [check.check, check])) }
  }
  const anna = await kubeconfigOf('anna', [])

  await t.test('before installing', async (t) => {
    const pre = async (options: Partial<StatusOptions> = {}) => statusOf({ pre: true, ...options })
    t.match(await pre(), {
      code: 0,
      checks: {
        kubernetes: { state: 'ok', message: /^v1\.\d+/ },
        'policy-api': { state: 'ok' },
        permissions: { state: 'ok' },
        namespaces: { state: 'ok', message: /irsa-guard will be created, with pod security restricted/ },
        leftovers: { state: 'ok', message: 'irsa-guard is not installed' },
        'network-path': { state: 'unknown' }
      }
    })
    t.match(
      await pre({ kubeconfig: anna }),
      {
        code: 1,
        checks: {
          permissions: { state: 'wrong', message: /^you may not: / },
          leftovers: { state: 'unknown' },
          'webhook-admission': { state: 'unknown' }
        }
      },
      'a user without rights'
    )

    await kubectl(
      'create',
      'clusterrole',
      'rbac-only',
      '--verb=*',
      '--resource=clusterroles,clusterrolebindings'
    )
    await kubectl('create', 'clusterrolebinding', 'rbac-only', '--clusterrole=rbac-only', '--user=berta')
    const berta = await pre({ kubeconfig: await kubeconfigOf('berta', []) })
    t.match(berta.checks['permissions']?.message, /^you may not: .* and \d+ more$/)

    await kubectl('create', 'namespace', 'irsa-guard')
    await kubectl('create', 'clusterrole', 'irsa-guard-old', '--verb=get', '--resource=pods')
    await kubectl('label', 'clusterrole', 'irsa-guard-old', 'app.kubernetes.io/part-of=irsa-guard')
    t.match((await pre()).checks, {
      namespaces: { state: 'ok', message: /irsa-guard exists, with no pod security label/ },
      leftovers: { state: 'unknown', message: /ClusterRole irsa-guard-old/ }
    })
    await kubectl('delete', 'clusterrole', 'irsa-guard-old')
    t.match((await pre()).checks['leftovers'], { state: 'ok', message: /^1 of \d+ objects exist already/ })
  })

  await t.test('no installation', async (t) => {
    const { code, checks } = await statusOf()
    t.equal(code, 1)
    t.strictSame(Object.keys(checks), ['installation'], 'nothing else is reported')
    t.match(checks['installation'], {
      state: 'wrong',
      message: 'irsa-guard is not installed in namespace irsa-guard',
      because: /: irsa-guard status --pre --kubeconfig \S+$/,
      fix: /^kubectl --kubeconfig \S+ apply -k DIR /
    })
    const unread = await statusOf({ kubeconfig: anna })
    t.notOk('installation' in unread.checks, 'a user who may not read it')
  })

  const standIn = fileURLToPath(new URL('../control-plane/identity-webhook-stand-in.ts', import.meta.url))
  const webhook = await startIdentityWebhook(controlPlane, { command: [process.execPath, standIn] })
  t.teardown(() => webhook.stop())
  const guard = await startGuard(controlPlane, { run: async (process) => runInProcess(process) })
  t.teardown(() => guard.stop())

  /** No kubelet runs the pods, so this says that they run. */
  const setPods = async (ready: 'True' | 'False', containerStatus: object): Promise<void> => {
    const names = await waitFor('three pods', async () => {
      const found = (await kubectl('get', 'pods', '-n', 'irsa-guard', '-o', 'name')).trim().split('\n')
      return found.length === 3 && found
    })
    for (const name of names) {
      const statuses = [
        { name: 'a', image: 'a', imageID: '', ready: ready === 'True', restartCount: 0, ...containerStatus }
      ]
      const patch = {
        status: {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: ready }],
          containerStatuses: statuses
        }
      }
      await kubectl('patch', name, '-n', 'irsa-guard', '--subresource=status', '-p', JSON.stringify(patch))
    }
    await waitFor('the Deployments', async () => {
      const counts = await kubectl(
        'get',
        'deployments',
        '-n',
        'irsa-guard',
        '-o',
        'jsonpath={.items[*].status.readyReplicas}'
      )
      return (counts === '1 2') === (ready === 'True')
    })
  }
  await setPods('True', {})

  await t.test('an installation that is right', async (t) => {
    // The controller publishes bundles and states in its first rounds.
    const { code, checks } = await waitFor('the first rounds of the controller', async () => {
      const status = await statusOf()
      return (
        Object.values(status.checks).every(({ check, state }) => check === 'aws' || state === 'ok') && status
      )
    })
    for (const { check, state, message, because } of Object.values(checks))
      t.equal(state, check === 'aws' ? 'unknown' : 'ok', `${check}: ${message} ${because ?? ''}`)
    t.equal(code, 0)
    t.match(checks['serve']?.message, /^2 of 2 ready, no restarts, image irsa-guard:/)
    t.match((await statusOf({ pre: true })).checks, {
      'webhook-admission': { state: 'ok' },
      leftovers: { state: 'ok', message: 'irsa-guard is installed already; applying upgrades it' },
      'network-path': { state: 'ok' }
    })
  })

  await t.test('a user who may read nothing', async (t) => {
    const { code, checks } = await statusOf({ kubeconfig: anna })
    t.equal(code, 2)
    t.match(checks['policies'], {
      state: 'unknown',
      because: /answered 403/,
      fix: /auth can-i get validatingadmissionpolicies/
    })
    t.match(checks['self-test'], { state: 'unknown', because: /forbidden/ })
    t.match(checks['rights'], { state: 'unknown', fix: /auth can-i create subjectaccessreviews/ })
  })

  await t.test('a user whom irsa-guard exempts', async (t) => {
    const kubeconfig = await kubeconfigOf('clara', ['system:masters', 'irsa-guard:break-glass'])
    const { code, checks } = await statusOf({ kubeconfig })
    t.equal(code, 0)
    t.match(checks['self-test'], {
      state: 'unknown',
      because: 'irsa-guard exempts your group irsa-guard:break-glass'
    })
    t.match(checks['policy-test'], {
      state: 'unknown',
      because: 'the policy exempts your group irsa-guard:break-glass'
    })
  })

  await guard.stopController() // it would repair what the cases break
  const breakGlass = ['--as=admin', '--as-group=system:masters', '--as-group=irsa-guard:break-glass']
  const patch = async (object: string, patch: unknown, ...flags: string[]): Promise<unknown> =>
    kubectl(
      'patch',
      ...object.split(' '),
      '--type',
      Array.isArray(patch) ? 'json' : 'merge',
      '-p',
      JSON.stringify(patch),
      ...flags
    )
  const own = 'validatingwebhookconfiguration irsa-guard'

  const cases: readonly {
    why: string
    object: string
    fault: (() => Promise<unknown>) | 'delete'
    expected: Expected
  }[] = [
    {
      why: 'the controller scaled to 0',
      object: 'deployment irsa-guard-controller -n irsa-guard',
      fault: () =>
        kubectl('scale', 'deployment', 'irsa-guard-controller', '-n', 'irsa-guard', '--replicas=0'),
      expected: {
        controller: {
          state: 'wrong',
          message: /^scaled to 0$/,
          fix: /scale deployment irsa-guard-controller --replicas=1$/
        }
      }
    },
    {
      why: 'no Deployment of serve',
      object: 'deployment irsa-guard-serve -n irsa-guard',
      fault: 'delete',
      expected: { serve: { state: 'wrong', message: /^there is no Deployment irsa-guard-serve/ } }
    },
    {
      why: 'a configuration with a mistake',
      object: 'configmap irsa-guard-config -n irsa-guard',
      fault: () =>
        patch('configmap irsa-guard-config -n irsa-guard', { data: { 'config.yaml': 'mode: enforced' } }),
      expected: { config: { state: 'wrong', message: /mode is "enforced"/ } }
    },
    {
      why: 'a policy that is not bound',
      object: 'validatingadmissionpolicybinding irsa-guard-ca-bundle-deny',
      fault: 'delete',
      expected: {
        policies: { state: 'wrong', message: /^the binding of policy irsa-guard-ca-bundle-deny is missing$/ },
        'policy-test': { state: 'wrong', because: /an unexpected caBundle was admitted/ }
      }
    },
    {
      why: 'a binding that only warns',
      object: 'validatingadmissionpolicybinding irsa-guard-ca-bundle-deny',
      fault: () =>
        patch('validatingadmissionpolicybinding irsa-guard-ca-bundle-deny', {
          spec: { validationActions: ['Warn'] }
        }),
      expected: {
        policies: { state: 'wrong', message: /differs in spec\.validationActions/ },
        'policy-test': { state: 'wrong' }
      }
    },
    {
      why: 'the policy that may be removed',
      object: 'validatingadmissionpolicybinding irsa-guard-identity-webhook-warn',
      fault: 'delete',
      expected: {
        policies: { state: 'ok', message: /without irsa-guard-identity-webhook-warn, which was removed/ }
      }
    },
    {
      why: 'a policy of another version',
      object: 'validatingadmissionpolicy irsa-guard-ca-bundle-unusable',
      fault: () =>
        patch('validatingadmissionpolicy irsa-guard-ca-bundle-unusable', {
          spec: { validations: [{ expression: 'true' }] }
        }),
      expected: { policies: { state: 'wrong', message: /differs in spec\.validations/ } }
    },
    {
      why: 'a webhook that fails closed and is called for less',
      object: own,
      fault: () =>
        patch(own, [
          { op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Fail' },
          { op: 'remove', path: '/webhooks/0/rules/1' },
          { op: 'remove', path: '/webhooks/1/namespaceSelector' }
        ]),
      expected: {
        registration: {
          state: 'wrong',
          message:
            /validate\.irsa-guard\.io has failurePolicy Fail.*not called for CREATE pods; workloads\.irsa-guard\.io lacks a namespaceSelector requirement/
        }
      }
    },
    {
      why: 'a webhook that someone narrowed',
      object: own,
      fault: () =>
        patch(own, [
          {
            op: 'add',
            path: '/webhooks/0/namespaceSelector/matchExpressions/-',
            value: { key: 'a', operator: 'NotIn', values: ['b'] }
          }
        ]),
      expected: {
        registration: { state: 'ok', message: /excludes more namespaces than the shipped webhook does/ },
        'webhook-ca': { state: 'ok' }
      }
    },
    {
      why: 'no webhook configuration',
      object: own,
      fault: 'delete',
      expected: {
        registration: { state: 'wrong', because: /^the API server does not call irsa-guard$/ },
        'webhook-ca': { state: 'wrong' },
        'serving-certificate': { state: 'unknown' },
        'policy-test': { state: 'unknown' }
      }
    },
    {
      why: 'the caBundle of another CA',
      object: own,
      fault: async () => {
        const value = Buffer.from((await controlPlane.createClusterCa()).certificatePem).toString('base64')
        const changes = [0, 1].map((index) => ({
          op: 'add',
          path: `/webhooks/${index}/clientConfig/caBundle`,
          value
        }))
        return patch(own, changes, ...breakGlass)
      },
      expected: {
        'webhook-ca': { state: 'wrong', message: /is not one that the controller published/ },
        'serving-certificate': { state: 'wrong', because: /x509: certificate signed by unknown authority/ },
        'self-test': { state: 'wrong', because: /the API server does not call irsa-guard/ }
      }
    },
    {
      why: 'no caBundle',
      object: own,
      fault: () => patch(own, [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }], ...breakGlass),
      expected: {
        'webhook-ca': { state: 'wrong', message: /^validate\.irsa-guard\.io: there is no caBundle$/ }
      }
    },
    {
      why: 'no WebhookTrust',
      object: 'webhooktrust cluster',
      fault: 'delete',
      expected: {
        'webhook-trust': { state: 'wrong', message: /^there is no WebhookTrust "cluster"/ },
        'guarded-bundles': { state: 'unknown' },
        'policy-test': { state: 'wrong' }
      }
    },
    {
      why: 'a WebhookTrust that nobody confirms',
      object: 'webhooktrust cluster',
      fault: () => patch('webhooktrust cluster', { spec: { confirmedAt: '2026-11-01T00:00:00Z' } }),
      expected: { 'webhook-trust': { state: 'wrong', message: /^last confirmed \d+ days ago$/ } }
    },
    {
      why: 'a bundle that is foreign',
      object: 'webhooktrust cluster',
      fault: () =>
        patch(
          'webhooktrust cluster',
          {
            status: {
              webhooks: [
                {
                  configuration: 'mutatingwebhookconfiguration/pod-identity-webhook',
                  name: 'pod-identity-webhook.amazonaws.com',
                  state: 'foreign',
                  because: 'another CA',
                  since: '2026-11-01T00:00:00Z'
                }
              ]
            }
          },
          '--subresource=status'
        ),
      expected: {
        'guarded-bundles': {
          state: 'wrong',
          because: /another CA$/,
          fix: /^irsa-guard ca mutatingwebhookconfiguration\/pod-identity-webhook --kubeconfig \S+ --fix$/
        }
      }
    },
    {
      why: 'rights that were removed',
      object: 'clusterrolebinding irsa-guard-serve',
      fault: 'delete',
      expected: {
        rights: {
          state: 'wrong',
          message: /^missing: irsa-guard-serve may not get serviceaccounts; .* and \d+ more$/
        }
      }
    },
    {
      why: 'optional rights that were removed',
      object: 'clusterrole irsa-guard-controller',
      fault: async () => {
        const role = JSON.parse(
          await kubectl('get', 'clusterrole', 'irsa-guard-controller', '-o', 'json')
        ) as {
          rules: { apiGroups?: string[] }[]
        }
        const rules = role.rules.filter(({ apiGroups }) => apiGroups?.[0] !== 'cert-manager.io')
        return patch('clusterrole irsa-guard-controller', { rules })
      },
      expected: { rights: { state: 'ok', message: /without 2 that are optional$/ } }
    },
    {
      why: 'no identity webhook',
      object: 'mutatingwebhookconfiguration pod-identity-webhook',
      fault: 'delete',
      expected: { canary: { state: 'wrong', because: /did not get the account's role/ } }
    },
    {
      why: 'a service account of serve with a role',
      object: 'serviceaccount irsa-guard-serve -n irsa-guard',
      fault: () =>
        kubectl(
          'annotate',
          'serviceaccount',
          'irsa-guard-serve',
          '-n',
          'irsa-guard',
          'eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/guard'
        ),
      expected: { aws: { state: 'unknown', message: /asks for arn:aws:iam::111122223333:role\/guard$/ } }
    }
  ]
  for (const { why, object, fault, expected } of cases) {
    await t.test(why, async (t) => {
      const before = JSON.parse(await kubectl('get', ...object.split(' '), '-o', 'json')) as {
        metadata: Record<string, unknown>
        status?: unknown
      }
      if (fault === 'delete') await kubectl('delete', ...object.split(' '))
      else await fault()
      const isWrong = Object.values(expected).some(({ state }) => state === 'wrong')
      // API servers learn of a changed policy or webhook a moment later.
      let found = await statusOf()
      await waitFor(
        why,
        async () => {
          found = await statusOf()
          return (
            found.code === (isWrong ? 1 : 0) &&
            Object.entries(expected).every(([check, { state }]) => found.checks[check]?.state === state)
          )
        },
        10_000
      ).catch(() => undefined)
      t.match(found.checks, expected)
      t.equal(found.code, isWrong ? 1 : 0)

      const { resourceVersion, uid, ...metadata } = before.metadata
      const restored = await controlPlane.kubectl(
        [fault === 'delete' ? 'create' : 'replace', '-f', '-', ...breakGlass],
        JSON.stringify({ ...before, metadata })
      )
      t.match(restored, { code: 0 }, `restored (${String(resourceVersion)} ${String(uid)})`)
      if (object.startsWith('webhooktrust'))
        await patch(object, { status: before.status }, '--subresource=status')
      if (object.startsWith('deployment')) await setPods('True', {})
    })
  }

  await t.test('pods that crash', async (t) => {
    await setPods('False', { state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' } } })
    t.match(await statusOf(), {
      code: 1,
      checks: {
        serve: {
          state: 'wrong',
          message: /^0 of 2 ready: pod irsa-guard-serve-\S+ is CrashLoopBackOff: back-off 5m0s$/
        }
      }
    })
  })

  await t.test('credentials that the API server does not accept', async (t) => {
    const kubeconfig = join(controlPlane.folder, 'expired.kubeconfig')
    await writeKubeconfig(kubeconfig, controlPlane.url, controlPlane.caFile, 'expired', { token: 'expired' })
    await t.rejects(statusOf({ kubeconfig }), {
      code: 'ERR_KUBECONFIG',
      message: /does not accept the credentials of the kubeconfig \(401\); they may have expired/
    })
  })

  await t.test('an API server that is away', async (t) => {
    await controlPlane.stopApiServer()
    await t.rejects(statusOf(), { code: 'ERR_KUBECONFIG', message: /could not be queried: / })
  })
})
