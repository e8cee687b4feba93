import t from 'tap'
import { readApiServerMetrics, readInstallRights } from '../../../src/commands/support/before-install.js'
import { readServed } from '../../../src/commands/support/installed.js'
import { loadShippedObjects } from '../../../src/commands/support/shipped-objects.js'
import { readAccess, readUser } from '../../../src/kube/access.js'
import { known, unknown } from '../../../src/model/fact.js'
import { clientThat } from '../../support/kube-client.js'

t.test('the serving certificate', async (t) => {
  const configurationOf = (clientConfig: object) => known({ webhooks: [{ name: 'a', clientConfig }] })
  const service = configurationOf({ service: { namespace: 'irsa-guard', name: 'irsa-guard' } })
  const pods = known([{ metadata: { namespace: 'irsa-guard', name: 'a' } }])
  const metric = 'irsa_guard_serving_certificate_expiry_timestamp_seconds 1.8e+9'
  const withMetrics = clientThat(({ path }) =>
    path === '/api/v1/namespaces/irsa-guard/pods/a:8080/proxy/metrics'
      ? { body: `# HELP\n${metric}\n` }
      : new Error('unexpected')
  )
  t.strictSame(await readServed(withMetrics, service, pods, {}), known({ until: new Date(1.8e12) }))

  const refusing = clientThat(() => ({ status: 403, body: {} }))
  const outside = { state: 'unknown', because: /can be reached only from inside the cluster/ }
  t.match(await readServed(refusing, service, pods, {}), outside)
  t.match(
    await readServed(
      clientThat(() => new Error('gone')),
      service,
      pods,
      {}
    ),
    outside
  )
  t.match(await readServed(refusing, service, known([]), { KUBERNETES_SERVICE_HOST: '10.0.0.1' }), {
    state: 'unknown',
    because: /irsa-guard\.irsa-guard\.svc/
  })
  t.match(await readServed(refusing, configurationOf({}), pods, {}), {
    because: 'there is no webhook to connect to'
  })
  const elsewhere = { ...refusing, server: 'https://10.0.0.1' }
  t.match(await readServed(elsewhere, configurationOf({ url: 'https://127.0.0.1:1/' }), pods, {}), {
    because: 'https://127.0.0.1:1/ is on the host of the API server'
  })
  t.match(await readServed(refusing, unknown('no'), pods, {}), { because: 'no' })
})

t.test('an API server that goes away half-way', async (t) => {
  const gone = clientThat(() => new Error('gone'))
  const expected = { state: 'unknown', because: 'gone' }
  t.match(await readAccess(gone, 'SelfSubjectAccessReview', {}), expected)
  t.match(await readUser(gone), expected)
  t.match(await readApiServerMetrics(gone), expected)
  for (const { isAllowed } of await readInstallRights(gone, await loadShippedObjects()))
    t.match(isAllowed, expected)
})

t.test('an authorizer that fails', async (t) => {
  const failing = clientThat(() => ({
    status: 201,
    body: { status: { allowed: false, evaluationError: 'webhook' } }
  }))
  t.match(await readAccess(failing, 'SubjectAccessReview', {}), { state: 'unknown', because: 'webhook' })
  const [grant] = (
    await readInstallRights(
      clientThat(() => ({ status: 500 })),
      await loadShippedObjects()
    )
  ).slice(-1)
  t.match(grant, {
    right: /^escalate /,
    isAllowed: { state: 'unknown', because: /answered 500 to a dry run$/ }
  })
})

t.test('a program without its manifests', async (t) => {
  await t.rejects(loadShippedObjects('/nowhere/a'), {
    code: 'ERR_INPUT',
    message: /manifests\/ of this version/
  })
})
