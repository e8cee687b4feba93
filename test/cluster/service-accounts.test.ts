import { writeFileSync } from 'node:fs'
import t from 'tap'
import { startControlPlane } from '../../control-plane/start.ts'
import { serve } from '../../src/commands/serve.js'
import { makeCertificate } from '../support/certificate.js'

const account = '111122223333'
const manifest = (role: string, team = 'a'): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'cart', namespace: 'default', annotations: { 'eks.amazonaws.com/role-arn': role, team } }
  })

t.test('a real API server and kubectl', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const apply = (role: string, team?: string): ReturnType<typeof controlPlane.kubectl> =>
    controlPlane.kubectl(['apply', '-f', '-'], manifest(role, team))

  const { certificate, key } = makeCertificate('127.0.0.1')
  const directory = t.testdir()
  const [tlsCert, tlsKey] = [`${directory}/tls.crt`, `${directory}/tls.key`]
  writeFileSync(tlsCert, certificate)
  writeFileSync(tlsKey, key)
  const app = await serve({ iam: ['examples/iam.json'], mode: 'enforce', tlsCert, tlsKey, port: 0, deadline: 2000 })
  const { port } = app.server.address() as { port: number }

  const bad = `arn:aws:iam::${account}:policy/cart`
  t.match(await apply(bad), { code: 0 }, 'before the guard is there, the mistake goes through')
  const webhook = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'irsa-guard' },
    webhooks: [
      {
        name: 'validate.irsa-guard.io',
        admissionReviewVersions: ['v1'],
        clientConfig: { url: `https://127.0.0.1:${port}/validate`, caBundle: Buffer.from(certificate).toString('base64') },
        failurePolicy: 'Ignore',
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['serviceaccounts'] }],
        sideEffects: 'None',
        timeoutSeconds: 3
      }
    ]
  }
  t.match(await controlPlane.kubectl(['apply', '-f', '-'], JSON.stringify(webhook)), { code: 0 })

  // The API server learns of the webhook a moment later; until then, nothing is warned about.
  let edited = await apply(bad, 'b')
  for (let tries = 0; tries < 50 && edited.stderr === ''; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    edited = await apply(bad, `b${tries}`)
  }
  t.match(edited, { code: 0, stderr: /Warning: role-arn-malformed: / }, 'what was wrong before is a warning')
  t.match(await controlPlane.kubectl(['delete', 'serviceaccount', 'cart']), { code: 0 }, 'deletions pass')

  const denied = await apply(bad)
  t.equal(denied.code, 1)
  t.equal(
    denied.stderr,
    `Error from server (Forbidden): error when creating "STDIN": admission webhook "validate.irsa-guard.io" denied the request: service account default/cart
- role-arn-malformed: the annotation is the ARN of a policy, not of a role: "${bad}"
  fix: write the ARN of a role, arn:aws:iam::<12-digit account>:role/<path/><name>
`
  )
  t.match(await apply(`arn:aws-cn:iam::${account}:role/team/cart`), { code: 1, stderr: /role-arn-partition-mismatch/ })
  t.match(await apply(`arn:aws:iam::${account}:role/gone`), {
    code: 0,
    stderr: /^Warning: role-missing: .*does not exist\nWarning: role-missing: fix: /
  })
  t.match(await apply(`arn:aws:iam::${account}:role/team/cart`), { code: 0, stderr: '' })

  await app.close()
  t.match(await apply(bad), { code: 0 }, 'with the guard gone, applies still work')
})
