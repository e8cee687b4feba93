import t from 'tap'
import { type Ended, runCli } from '../support/run-cli.js'

const check = (file: string, ...more: readonly string[]): Promise<Ended> =>
  runCli(['check', `test/field/${file}`, ...more])

t.test('an empty caBundle of the EKS webhook is an error if the cluster CA is known', async (t) => {
  // AWS re:Post, "How do I troubleshoot IRSA errors in Amazon EKS?": the suggested fix pastes a variable,
  // which is empty if the region is wrong.
  const clusterCa = ['--cluster-ca', 'examples/cluster-ca.pem']
  for (const file of ['empty', 'no-key']) {
    t.match(await check(`empty-bundle/${file}.yaml`, ...clusterCa), {
      code: 1,
      stdout:
        /error {2}.* ca-bundle-untrusted\n +the caBundle of webhook iam-for-pods\.amazonaws\.com is empty, /
    })
    t.match(await check(`empty-bundle/${file}.yaml`), {
      code: 0,
      stdout: /not checked: ca-bundle-untrusted, ca-bundle-incomplete .*: the cluster CA is unknown/
    })
  }
})

t.test('a placeholder in a caBundle is named, with the way to replace it', async (t) => {
  t.match(await check('unrendered-bundle/variable.yaml'), {
    code: 1,
    stdout:
      /error {2}.* ca-bundle-unusable\n.*: it contains a placeholder that was not replaced: "\$\{CA_BUNDLE\}"\n +fix {5}replace the variable before you apply the manifest, for example with envsubst\n/
  })
})

t.test('a placeholder for a caBundle that an injector fills in is not an error', async (t) => {
  for (const file of ['certificate', 'secret', 'openshift']) {
    const ended = await check(`stand-in-bundle/${file}.yaml`)
    t.match(ended, { code: 0, stdout: /(?:^|\n)✓ no findings · 1 object judged/ }, file)
    t.notMatch(ended.stdout, /ca-bundle/, file)
  }
})

t.test('an injection that cannot happen is a warning', async (t) => {
  for (const [file, message] of [
    ['ignored-switch', /inject-apiserver-ca is "yes", which cert-manager ignores/],
    [
      'silent-secret',
      /names Secret "kubeflow\/serving-cert", which does not allow cert-manager to read its CA/
    ]
  ] as const)
    t.match(await check(`broken-injection/${file}.yaml`), { stdout: message }, file)
})
