import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { caOfObject } from '../../src/commands/ca-object.js'
import { clusterCa, configurationWith, guardedName, otherCa } from '../support/bundle-cases.js'
import { type Authority, base64, issue, makeKey, pem } from '../support/certificates.js'

const at = new Date('2026-11-24T00:00:00Z')
const reference = 'MutatingWebhookConfigurations/pod-identity-webhook'
const key = makeKey.ec()

/**
 * The kubeconfig of an API server whose certificate `by` signed, also where that is a load balancer with a CA
 * of its own.
 */
async function start(t: Test, by: Authority, bundle: Buffer): Promise<string> {
  const identity = {
    cert: pem(issue(by, { key })),
    key: key.privateKey.export({ format: 'pem', type: 'pkcs8' })
  }
  const server = createServer(identity, ({ url = '' }, response) => {
    const isAboutCas = url.startsWith('/api/v1/namespaces/default/configmaps/kube-root-ca.crt')
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify(isAboutCas ? { data: { 'ca.crt': pem(clusterCa.der) } } : configurationWith(pem(bundle)))
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo // it listens on TCP
  const config = {
    'current-context': 'a',
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    clusters: [
      {
        name: 'a',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': base64(pem(by.der) + pem(clusterCa.der))
        }
      }
    ],
    users: [{ name: 'a', user: {} }]
  }

  return join(t.testdir({ kubeconfig: JSON.stringify(config) }), 'kubeconfig')
}

const cases: readonly { why: string; by: Authority; bundle: Buffer; code: 0 | 1; says: string }[] = [
  { why: 'what the API server serves', by: clusterCa, bundle: clusterCa.der, code: 0, says: '✓ ok ' },
  {
    why: 'what the API server serves, against it',
    by: clusterCa,
    bundle: otherCa.der,
    code: 1,
    says: '✗ foreign '
  },
  { why: 'the CAs alone behind a load balancer', by: otherCa, bundle: clusterCa.der, code: 0, says: '✓ ok ' },
  {
    why: 'the CAs alone behind a load balancer, against them',
    by: otherCa,
    bundle: otherCa.der,
    code: 1,
    says: '✗ foreign '
  }
]
for (const { why, by, bundle, code, says } of cases) {
  t.test(`judges by ${why}`, async (t) => {
    const kubeconfig = await start(t, by, bundle)
    let text = ''
    const given = await caOfObject(
      reference,
      { fix: false, kubeconfig },
      { stdout: (more) => (text += more), stderr: () => undefined },
      { at }
    )
    t.match(text, new RegExp(`^${says}.*webhook ${guardedName.replaceAll('.', '\\.')} `))
    t.equal(given, code)
  })
}

t.test('refuses what names no webhooks', async (t) => {
  for (const wrong of [
    'pod/a',
    'mutatingwebhookconfiguration',
    'mutatingwebhookconfiguration/',
    'mutatingwebhookconfiguration/a/../b'
  ]) {
    await t.rejects(
      caOfObject(wrong, { fix: false }, { stdout: () => undefined, stderr: () => undefined }),
      {
        code: 'ERR_USAGE',
        message: `${JSON.stringify(wrong)} is not a webhook configuration; expected mutatingwebhookconfiguration/NAME`
      },
      wrong
    )
  }
})
