import { existsSync } from 'node:fs'
import t from 'tap'
import { type Ended, runCli } from '../support/run-cli.js'

/** Checks a file of test/field with the IAM file in the same directory. */
async function check(file: string, ...more: readonly string[]): Promise<Ended> {
  const path = `test/field/${file}`
  const beside = [path.replace(/\.yaml$/, '.json'), path.replace(/[^/]+$/, 'iam.json')].find(
    (candidate) => candidate !== path && existsSync(candidate)
  )

  return runCli(['check', path, ...(beside === undefined ? [] : ['--iam', beside]), ...more])
}

t.test('a file that is not a manifest is rejected with advice', async (t) => {
  const table: readonly (readonly [string, RegExp])[] = [
    [
      'values.yaml',
      /values.yaml:1: this is not a Kubernetes object, because it has no apiVersion; .* helm template/
    ],
    ['eksctl.yaml', /this is an eksctl configuration; .*kubectl get serviceaccounts -A -o yaml/],
    ['kustomization.yaml', /this is a kustomization; build it first: kubectl kustomize/],
    ['plan.json', /this is Terraform output; .*irsa-guard trust --policy/],
    ['stack.yaml', /this is a CloudFormation template; .*irsa-guard trust --policy/],
    ['trust.json', /this is a policy; check a trust policy with irsa-guard trust --policy FILE/],
    ['iam.json', /this is a file with IAM facts; pass it with --iam/],
    [
      'associations.json',
      /this is a response of the EKS API with EKS Pod Identity associations; .* IamSnapshot .* --aws/
    ]
  ]
  for (const [file, stderr] of table)
    t.match(
      await runCli(['check', `test/field/files-that-are-no-manifests/${file}`]),
      { code: 2, stdout: '', stderr },
      file
    )
})

t.test('a file of another tool with EKS Pod Identity associations is accepted', async (t) => {
  const files = [
    'terraform-state.json',
    'cloudformation.yaml',
    'cloudformation.json',
    'eksctl.yaml',
    'ack.yaml'
  ]
  for (const file of [...files, 'crossplane.yaml', 'terraform-plan.json', 'eksctl-addon.yaml']) {
    const ended = await runCli(['check', `test/field/associations/${file}`])
    t.match(ended, { code: 0, stderr: '', stdout: /(?:^|\n)✓ no findings · 1 object judged/ }, file)
  }
  t.match(await runCli(['check', 'test/field/associations']), {
    code: 0,
    stdout: /\n✓ no findings · 8 objects judged/
  })
})

t.test('the cluster is named once, or the same everywhere', async (t) => {
  const arnOf = (name: string): string => `arn:aws:eks:eu-west-1:111122223333:cluster/${name}`
  const directory = t.testdir({
    'iam.json': JSON.stringify({
      ...{ apiVersion: 'irsa-guard.io/v1', kind: 'IamSnapshot', associations: [] },
      cluster: { name: 'prod', arn: arnOf('prod') }
    }),
    'config.yaml': `eks: { clusterArn: '${arnOf('test')}' }\n`
  })
  const run = async (...args: string[]): Promise<Ended> =>
    runCli(['check', 'test/field/associations/ack.yaml', '--iam', `${directory}/iam.json`, ...args])
  t.match(await run('--cluster-arn', arnOf('prod')), { code: 0, stderr: '' })
  t.match(await run('--cluster-arn', arnOf('test')), {
    code: 2,
    stderr: `irsa-guard: --cluster-arn names cluster ${arnOf('test')}, but the IAM file names ${arnOf('prod')}; name the same cluster in both\n`
  })
  t.match(await run('--config', `${directory}/config.yaml`), {
    code: 2,
    stderr: /eks.clusterArn in the configuration names cluster .*test, but the IAM file names .*prod/
  })
  t.match(await run('--cluster-arn', 'prod'), {
    code: 2,
    stderr: /--cluster-arn is "prod"; expected an ARN such as arn:aws:eks:/
  })
})

t.test('a kind that names a role in a field that no rule reads is reported as not checked', async (t) => {
  for (const [file, kind] of [
    ['workflow', 'Workflow'],
    ['spark', 'SparkApplication'],
    ['runtime-config', 'DeploymentRuntimeConfig']
  ] as const) {
    const ended = await check(`files-that-are-no-manifests/${file}.yaml`)
    t.match(ended, {
      code: 0,
      stdout: new RegExp(
        `not checked: all rules for 1 object \\(\\S+ ${kind} .*\\): irsa-guard does not know which fields of kind ${kind} name an AWS role\\n`
      )
    })
    t.equal((await check(`files-that-are-no-manifests/${file}.yaml`, '--fail-on-unknown')).code, 1)
  }
  t.match(await runCli(['check', '-'], 'apiVersion: example.com/v1\nkind: Widget\nspec: { role: none }\n'), {
    code: 0,
    stdout: '? no findings · irsa-guard does not judge objects of this kind\n'
  })
})

t.test('objects from a cluster are judged in their current state', async (t) => {
  t.match(await check('dump-of-a-cluster/pods.yaml'), {
    code: 1,
    stdout: /error {2}Pod shop\/cart-1 {2}pod-not-mutated\n +service account cart requests role/
  })
  const template =
    'apiVersion: v1\nkind: Pod\nmetadata: { name: cart, namespace: shop, creationTimestamp: null }\nspec: { serviceAccountName: cart, containers: [{ name: a }] }\nstatus: {}\n'
  const account =
    '---\napiVersion: v1\nkind: ServiceAccount\nmetadata: { name: cart, namespace: shop, annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/cart" } }\n'
  t.match(
    await runCli(['check', '-'], template + account),
    { code: 0, stdout: /✓ no findings · 2 objects judged/ },
    'kubectl create --dry-run=client writes an empty status'
  )
})

t.test('a mistake in a Deployment is not reported again for its ReplicaSet and pods', async (t) => {
  const { stdout } = await check('dump-of-a-cluster/owners.yaml')
  t.match(
    stdout,
    /^[^\n]+\n {2}11 {2}warn {3}Deployment shop\/cart {2}role-annotation-misplaced\n[^\n]+\n[^\n]+\n {2}42 {2}error {2}2 Pods {16}pod-not-mutated\n[^\n]+\n {6}affects shop\/cart-5f-a, shop\/cart-5f-b\n[^\n]+\n\n✗ 2 errors \(1 cause\), 1 warning · 5 of 6 objects judged\n/
  )
  t.notMatch(stdout, /gone/, 'an old revision no longer creates pods')
})

t.test('a directory is searched for manifests', async (t) => {
  const found = await runCli(['check', 'test/field/dump-of-a-cluster'])
  t.match(
    found,
    { code: 1, stderr: '', stdout: /✗ 3 errors \(2 causes\), 1 warning · 7 of 8 objects judged/ },
    'the IAM file in it is skipped'
  )
  const directory = t.testdir({
    'values.yaml': 'a: 1\n',
    'notes.txt': 'x',
    '.git': { 'a.yaml': 'a: [' },
    node_modules: { 'a.json': '{' }
  })
  t.match(await runCli(['check', directory]), {
    code: 2,
    stdout: '',
    stderr: /values.yaml:1: this is not a Kubernetes object[^]*no Kubernetes objects in /
  })
  t.match(await runCli(['check', t.testdir({})]), { code: 2, stderr: /no Kubernetes objects in / })
  t.match(await runCli(['check', t.testdir({ deep: { 'a.yml': 'a: [' } })]), {
    code: 2,
    stderr: /deep\/a.yml:1: /
  })
})

t.test('an annotation whose key was split at its dots is an error', async (t) => {
  for (const file of ['manifests', 'half'])
    t.match(await check(`annotation-split-at-its-dots/${file}.yaml`), {
      code: 1,
      stdout: /error {2}.* annotation-not-a-string\n +annotation "eks" is a map/
    })
})

t.test('an account is reported if a workload gets its name or namespace wrong', async (t) => {
  t.match(await check('account-in-another-namespace/manifests.yaml'), {
    code: 0,
    stdout:
      /warn {3}.* annotated-account-unused\n +no workload among the given objects uses service account kube-system\/aws-load-balancer-controller, but deployment ingress\/aws-load-balancer-controller runs as ingress\/aws-load-balancer-controller, which is not among the given objects/
  })
  const objects = (name: string): string =>
    [
      {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: {
          name: 'payments',
          namespace: 'shop',
          annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/payments' }
        }
      },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace: 'shop' },
        spec: { template: { spec: { serviceAccountName: name, containers: [{ name: 'a' }] } } }
      }
    ]
      .map((object) => JSON.stringify(object))
      .join('\n')
  t.match(
    (await runCli(['check', '-'], objects('payment'))).stdout,
    /deployment shop\/web runs as shop\/payment, which is not among/
  )
  t.notMatch((await runCli(['check', '-'], objects('orders'))).stdout, /annotated-account-unused/)
})

t.test('an account that a custom resource names counts as used', async (t) => {
  for (const file of ['manifests', 'workflow'])
    t.match(await check(`account-used-by-a-custom-resource/${file}.yaml`), {
      code: 0,
      stdout: /^(?:not checked: .*\n)*\n?✓ no findings · \d of 3 objects judged/
    })
})

t.test('a similar role is suggested if all roles are known', async (t) => {
  const account = (role: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name: 'cart',
        namespace: 'shop',
        annotations: { 'eks.amazonaws.com/role-arn': `arn:aws:iam::111122223333:role/${role}` }
      }
    })
  t.match(
    (await runCli(['check', '-', '--iam', 'examples/iam.json'], account('team/cert'))).stdout,
    /role-missing\n +role .*team\/cert does not exist; did you mean "arn:aws:iam::111122223333:role\/team\/cart"\?\n +fix {5}point the annotation at/
  )
  t.match(
    (await runCli(['check', '-', '--iam', 'examples/iam.json'], account('orders'))).stdout,
    /role-missing\n +role .*orders does not exist\n/
  )
})

t.test('an object without a namespace is not assumed to be in the namespace default', async (t) => {
  const account = JSON.stringify({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'cart',
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/team/cart' }
    }
  })
  const args = ['check', '-', '--iam', 'examples/iam.json']
  const { code, stdout } = await runCli(args, account)
  t.equal(code, 0)
  t.match(
    stdout,
    /not checked: \d+ rules for 1 object: the manifest names no namespace \(pass -n NAMESPACE\)/
  )
  t.notMatch(stdout, /default/)
  t.match(await runCli([...args, '-n', 'shop'], account), {
    code: 0,
    stdout: /^✓ no findings · 1 object judged/
  })
  t.match(await runCli([...args, '-n', 'team'], account), {
    code: 1,
    stdout: /system:serviceaccount:team:cart/
  })

  const namespace =
    '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","annotations":{"irsa-guard.io/allowed-roles":"arn:aws:iam::111122223333:role/x"}}}'
  t.match(
    (await runCli(args, `${account}\n${namespace}`)).stdout,
    /not checked: .*: the manifest names no namespace/
  )
})

t.test('a malformed role does not hide the other mistakes of a template', async (t) => {
  const { stdout } = await check('malformed-role/shop.yaml')

  t.match(stdout, /error {2}ServiceAccount shop\/cart {2}role-arn-malformed/)
  t.match(stdout, /warn {3}Deployment shop\/cart {6}static-credentials-shadow-role/)
  t.notMatch(stdout, /pod-not-mutated/, 'a pod that was admitted is not judged by a role that it cannot have')
})

t.test('the settings of namespaces are checked', async (t) => {
  const namespace =
    'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { irsa-guard.io/mode: enfroce } }\n'
  t.match(await runCli(['check', '-'], namespace), {
    code: 0,
    stdout:
      /^stdin\n {2}3 {2}warn {3}Namespace shop {2}namespace-setting-invalid\n {5}label irsa-guard.io\/mode is "enfroce"/
  })
})

t.test('an account without a name, next to a ConfigMap, gets a verdict', async (t) => {
  const account =
    '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"namespace":"shop","annotations":{"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/x"}}}'
  const map =
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"shop"},"data":{"a":"text"}}'
  t.match(await runCli(['check', '-'], `${account}\n${map}`), { code: 0, stdout: /1 of 2 objects judged/ })
})

t.test('an account that a ConfigMap or a Secret names counts as used', async (t) => {
  const account = (name: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name,
        namespace: 'ci',
        annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/ci' }
      }
    })
  const others = [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'ci' },
      spec: { template: { spec: { containers: [{ name: 'a' }] } } }
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'runner', namespace: 'ci' },
      data: { 'config.toml': 'service_account = "ci-jobs"' }
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'hub', namespace: 'ci' },
      data: { values: Buffer.from('account: notebook-user').toString('base64') }
    }
  ].map((object) => JSON.stringify(object))
  const outputFor = async (name: string): Promise<string> =>
    (await runCli(['check', '-'], [account(name), ...others].join('\n'))).stdout
  t.notMatch(await outputFor('ci-jobs'), /annotated-account-unused/)
  t.notMatch(await outputFor('notebook-user'), /annotated-account-unused/)
  t.match(
    await outputFor('jobs'),
    /annotated-account-unused\n +no workload among the given objects uses service account jobs, but/,
    'a part of a name does not count'
  )
})

t.test('the run time grows in proportion to the number of accounts, pods and words', async (t) => {
  // Quadratic run time would mean minutes here.
  const count = 20_000
  const accounts = Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: `account-${index}`, namespace: 'shop' }
  }))
  const pods = Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}`, namespace: 'shop' },
    spec: { containers: [{ name: 'a' }] }
  }))
  const map = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'text', namespace: 'shop' },
    data: { text: 'account-x '.repeat(100_000) }
  }
  const items = [...accounts, ...pods, map]
  const { code, stdout } = await runCli(
    ['check', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  )
  t.equal(code, 0)
  t.match(stdout, /✓ no findings · 40,000 of 40,001 objects judged/)
})
