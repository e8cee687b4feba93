import { readFileSync } from 'node:fs'
import t from 'tap'
import { configurationWith } from '../support/bundle-cases.js'
import { makeAuthority, pem } from '../support/certificates.js'
import { absentReply, identityReply, roleReply, startFakeIam } from '../support/fake-iam.js'
import { runCli as run } from '../support/run-cli.js'
import { configurationOf, podsRule, selfManagedWebhook } from '../support/webhooks.js'

const examples = ['check', 'examples/service-accounts.yaml', '--iam', 'examples/iam.json']

t.test('check says what is wrong, where, and how to fix it', async (t) => {
  const { code, stdout } = await run(examples)
  t.equal(code, 1)
  t.equal(
    stdout,
    `examples/service-accounts.yaml
  15  error  ServiceAccount shop/search  role-arn-malformed
      the annotation is the ARN of a policy, not of a role
      arn:aws:iam::111122223333:policy/search
                                ^^^^^^
      fix     write the ARN of a role, arn:aws:iam::<12-digit-account>:role/<path/><name>
  23  error  ServiceAccount shop/mail    role-missing
      role arn:aws:iam::111122223333:role/mail does not exist
      fix     create the role, or point the annotation at an existing one; a new role can take up to two minutes to appear in IAM

✗ 2 errors · 3 objects judged
  more about a rule: irsa-guard explain role-arn-malformed
`
  )
  const verbose = await run([...examples, '-v'])
  t.equal(verbose.stdout.split('at      metadata.annotations["eks.amazonaws.com/role-arn"]\n').length, 3)
})

t.test('check prints JSON for machines', async (t) => {
  const { stdout } = await run([...examples, '--output', 'json'])
  t.match(JSON.parse(stdout), {
    findings: [
      {
        rule: 'role-arn-malformed',
        severity: 'error',
        docs: 'https://irsa-guard.io/v0.1.0/rules/role-arn-malformed',
        object: { namespace: 'shop', name: 'search', line: 15 }
      },
      { rule: 'role-missing', object: { apiVersion: 'v1', kind: 'ServiceAccount', name: 'mail' } }
    ],
    unchecked: [],
    summary: { objects: 3, judged: 3, errors: 2, warnings: 0, infos: 0, waived: 0, unchecked: 0 }
  })
})

t.test('check reads standard input, and lists what it could not check', async (t) => {
  const account =
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a, annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/a" } }\n'
  const { code, stdout } = await run(['check', '-', '-n', 'team'], account)
  t.equal(code, 0)
  t.match(stdout, /not checked: \d+ rules for 1 object: no facts about IAM were given/)
  t.equal((await run(['check', '-', '--fail-on-unknown'], account)).code, 1)
  const waived = account
    .replace('annotations: {', 'annotations: { ignore.irsa-guard.io/role-arn-malformed: "moving", ')
    .replace(':role/', ':user/')
  t.match(await run(['check', '-'], waived), {
    code: 0,
    stdout:
      /waived ServiceAccount a {2}role-arn-malformed\n[^]*\n {5}reason {2}moving\n[^]*\n✓ 1 waived · 1 object judged\n$/
  })
})

t.test('check --aws asks the IAM API, once for a role', async (t) => {
  const cart = 'arn:aws:iam::111122223333:role/cart'
  const iam = await startFakeIam(({ action, parameters }) => {
    if (action === 'GetCallerIdentity') return identityReply('111122223333')
    return action === 'GetRole' && parameters.get('RoleName') === 'cart' ? roleReply(cart) : absentReply
  })
  t.teardown(() => iam.close())
  const accounts = Array.from(
    { length: 3000 },
    (_, i) =>
      `{ apiVersion: v1, kind: ServiceAccount, metadata: { name: a${i}, annotations: { eks.amazonaws.com/role-arn: "${cart}" } } }`
  )
  const manifest = [...accounts, accounts[0]?.replace('role/cart', 'role/gone')].join('\n---\n')
  const environment = {
    AWS_ENDPOINT_URL: iam.url,
    AWS_ACCESS_KEY_ID: 'AKIAOWN',
    AWS_SECRET_ACCESS_KEY: 's',
    HOME: '/nonexistent'
  }
  const { code, stdout, stderr } = await run(['check', '-', '--aws'], manifest, environment)
  t.equal(stderr, '')
  t.equal(code, 1)
  t.match(
    stdout,
    /error {2}ServiceAccount a0 {2}role-missing\n {8}role arn:aws:iam::111122223333:role\/gone does not exist\n/
  )
  t.match(stdout, /✗ 1 error · 3,001 objects judged/)
  t.strictSame(
    iam.actions,
    ['GetCallerIdentity', 'GetRole', 'GetRole', 'GetRole'],
    'twice for the one that is missing'
  )
})

t.test('check judges templates with the service accounts beside them, and names the line', async (t) => {
  const manifest = `apiVersion: v1
kind: ServiceAccount
metadata:
  name: cart
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/cart
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: cart
spec:
  jobTemplate:
    spec:
      template:
        spec:
          serviceAccountName: cart
          containers:
            - name: app
              env:
                - name: AWS_ROLE_ARN
                  value: arn:aws:iam::111122223333:role/cart
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      serviceAccountName: web
      containers:
        - name: app
`
  const { stdout } = await run(['check', '-', '-n', 'shop', '-v'], manifest)
  t.match(
    stdout,
    /^stdin\n {2}21 {2}warn {3}CronJob shop\/cart {2}mutation-preempted\n {6}container app lacks AWS_WEB_IDENTITY_TOKEN_FILE/
  )
  t.match(stdout, / at {6}spec\.jobTemplate\.spec\.template\.spec\.containers\[0\]\.env\[0\]/)
  t.match(
    stdout,
    /not checked: service-account-missing for 1 object \(stdin:24 Deployment shop\/web\): service account shop\/web is not among the given objects/
  )
})

t.test('check judges every template of an object, and says once what they share', async (t) => {
  const manifest = `apiVersion: v1
kind: ServiceAccount
metadata:
  name: train
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/train
---
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: train
spec:
  headGroupSpec:
    template:
      metadata: &skipped
        labels: { eks.amazonaws.com/skip-pod-identity-webhook: "1" }
      spec:
        serviceAccountName: train
        containers:
          - name: head
  workerGroupSpecs:
    - template:
        metadata: *skipped
        spec:
          serviceAccountName: train
          containers:
            - name: worker
    - template:
        spec:
          serviceAccountName: train
          containers:
            - name: worker
              env:
                - name: AWS_ROLE_ARN
                  value: arn:aws:iam::111122223333:role/train
    - template:
        spec:
          serviceAccountName: other
          containers:
            - name: worker
`
  const { stdout } = await run(['check', '-', '-n', 'shop', '--output', 'json'], manifest)
  const { findings, unchecked, summary } = JSON.parse(stdout) as {
    findings: { rule: string; field: string; message: string }[]
    unchecked: { rule: string; because: string }[]
    summary: object
  }
  t.match(
    findings.filter(({ rule }) => rule.startsWith('mutation')),
    [
      {
        rule: 'mutation-skipped',
        field: 'spec.headGroupSpec.template.metadata.labels["eks.amazonaws.com/skip-pod-identity-webhook"]',
        alsoAt: [
          'spec.workerGroupSpecs[0].template.metadata.labels["eks.amazonaws.com/skip-pod-identity-webhook"]'
        ]
      },
      { rule: 'mutation-preempted', field: 'spec.workerGroupSpecs[1].template.spec.containers[0].env[0]' }
    ]
  )
  t.match(
    unchecked.find(({ rule }) => rule === 'service-account-missing'),
    { because: 'service account shop/other is not among the given objects', count: 1 }
  )
  t.match(summary, { objects: 2, warnings: 2 })
})

t.test('check obeys the namespaces among the files', async (t) => {
  const account = `apiVersion: v1
kind: ServiceAccount
metadata: { name: cart, namespace: shop, annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/gone" } }
`
  const namespace = (settings: string): string =>
    `---\napiVersion: v1\nkind: Namespace\nmetadata: { name: shop, ${settings} }\n`
  const args = ['check', '-', '--iam', 'examples/iam.json']
  t.match(
    await run(args, account + namespace('annotations: { irsa-guard.io/allowed-roles: "*:role/shop/*" }')),
    {
      code: 1,
      stdout:
        /^stdin\n {2}3 {2}error {2}ServiceAccount shop\/cart {2}role-not-permitted-in-namespace\n[^]*\n✗ 1 error · 2 objects judged\n/
    }
  )
  t.match(await run(args, account + namespace('labels: { irsa-guard.io/mode: warn }')), {
    code: 1,
    stdout: /error {2}ServiceAccount shop\/cart {2}role-missing\n/
  })
  t.match(await run(args, account + namespace('labels: { irsa-guard.io/mode: "off" }')), {
    code: 0,
    stdout: '✓ no findings · 2 objects judged\n'
  })
})

t.test(
  'check judges webhooks by the cluster CA, the Services and the other webhooks beside them',
  async (t) => {
    const ca = readFileSync('examples/cluster-ca.pem', 'utf8')
    const other = pem(makeAuthority().der)
    const manifests = [
      configurationWith(other, { rules: [podsRule] }),
      configurationOf([selfManagedWebhook()], { name: 'self-managed' }),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'pod-identity-webhook', namespace: 'default' },
        spec: { ports: [{ port: 8443 }] }
      },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': ca } }
    ]
    const text = manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n')
    const { code, stdout } = await run(['check', '-'], text)
    t.equal(code, 1)
    for (const line of [
      /error {2}.* ca-bundle-untrusted\n.* does not contain the cluster CA/,
      /warn {3}.* identity-webhook-duplicated\n +the API server sends pods to 2 identity webhooks/,
      /warn {3}.* webhook-backend-missing\n.* which has no port 443 \(it has 8443\)/
    ]) {
      t.match(stdout, line)
    }
    const directory = t.testdir({ 'ca.pem': other })
    t.match(
      await run(['check', '-', '--cluster-ca', `${directory}/ca.pem`], text),
      { code: 0 },
      'the flag wins'
    )
  }
)

t.test('check obeys --fail-on', async (t) => {
  t.equal((await run([...examples, '--fail-on', 'never'])).code, 0)
  t.equal((await run([...examples, '--fail-on', 'info'])).code, 1)
})

t.test('a document that cannot be read is a line, the others are checked, and the code is 2', async (t) => {
  const { code, stdout, stderr } = await run(
    ['check', '-', 'gone.yaml'],
    'a: [\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a }\n'
  )
  t.equal(code, 2)
  t.match(stderr, /^irsa-guard: stdin:\d+: .+\nirsa-guard: there is no file gone.yaml\n$/)
  t.equal(stdout, '? no findings · 1 object judged · not everything could be read\n')
})

t.test('check takes the default audience of the identity webhook', async (t) => {
  const account = `apiVersion: v1
kind: ServiceAccount
metadata: { name: cart, namespace: shop, annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/team/cart" } }
`
  const args = ['check', '-', '--iam', 'examples/iam.json', '--audience']
  t.match(await run([...args, 'vault'], account), {
    code: 1,
    stdout: /error {2}.* trust-audience-mismatch\n.*the token has "vault"/
  })
  t.match(await run([...args, 'sts.amazonaws.com'], account), { code: 0 })
})

t.test('check and trust go by the annotation prefix of the config', async (t) => {
  const directory = t.testdir({ 'config.yaml': 'annotationPrefix: aws.example\n' })
  const account = (prefix: string): string => `apiVersion: v1
kind: ServiceAccount
metadata: { name: web, namespace: shop, annotations: { ${prefix}/role-arn: "arn:aws:iam::111122223333:role/team/cart" } }
`
  const args = ['check', '-', '--iam', 'examples/iam.json', '--config', `${directory}/config.yaml`]
  t.match(await run([...args, '-v'], account('aws.example')), {
    code: 1,
    stdout:
      / trust-subject-mismatch\n +role cart .*\n(?:.*\n)* +at {6}metadata\.annotations\["aws\.example\/role-arn"\]\n/
  })
  t.match(await run(args, account('eks.amazonaws.com')), {
    code: 0,
    stdout:
      /^stdin\n.* warn {3}.* role-annotation-misspelt\n.*did you mean aws\.example\/role-arn\?(?![^]*trust-)/
  })
  const { issuer } = JSON.parse(readFileSync('examples/iam.json', 'utf8')) as { issuer: string }
  const trust = [
    'trust',
    ...args.slice(2),
    '--role',
    'arn:aws:iam::111122223333:role/team/cart',
    '--issuer',
    issuer,
    '-n',
    'shop'
  ]
  const { stdout } = await run([
    ...trust,
    '--service-account',
    'cart',
    '--audience',
    'vault',
    '--output',
    'json'
  ])
  t.match(JSON.parse(stdout), {
    findings: [{ field: /aws\.example\/role-arn/, fix: /set the annotation aws\.example\/audience to/ }]
  })
})

t.test('check takes an empty standard input for a command that failed', async (t) => {
  const stderr =
    'irsa-guard: stdin is empty; expected manifests in YAML or JSON (the command before the pipe probably failed)\n'
  for (const nothing of ['', ' \n\t'])
    t.match(await run(['check', '-'], nothing), { code: 2, stderr, stdout: '' })
  for (const text of ['# none\n', '---\n'])
    t.match(await run(['check', '-'], text), { code: 0, stderr: /^$/ }, 'a chart that renders nothing')
  const directory = t.testdir({ 'empty.yaml': '' })
  t.match(await run(['check', `${directory}/empty.yaml`]), { code: 0, stderr: /^$/ })
})

t.test('check reads more objects than a call takes arguments', async (t) => {
  const directory = t.testdir({
    'many.json': `{"kind":"List","items":[${Array(130_000).fill('{"apiVersion":"v1","kind":"Secret"}').join(',')}]}`
  })
  t.match(await run(['check', `${directory}/many.json`]), {
    code: 0,
    stdout: '? no findings · irsa-guard judges none of the kinds of these 130,000 objects\n',
    stderr: /^$/
  })
})

t.test('several IAM files must agree on the issuer, unless --issuer says which one is meant', async (t) => {
  const head = { apiVersion: 'irsa-guard.io/v1', kind: 'IamSnapshot' }
  const directory = t.testdir({
    'a.json': JSON.stringify({ ...head, issuer: 'https://a.example' }),
    'b.json': JSON.stringify({ ...head, issuer: 'https://b.example' })
  })
  const files = ['--iam', `${directory}/a.json`, '--iam', `${directory}/b.json`]
  t.match(await run(['check', 'examples/service-accounts.yaml', ...files]), {
    code: 2,
    stderr: /name 2 issuers: https:\/\/a.example, https:\/\/b.example; choose one with --issuer/
  })
  t.match(await run(['check', 'examples/service-accounts.yaml', ...files, '--issuer', 'https://a.example']), {
    code: 1,
    stderr: ''
  })
})

t.test('check --aws without credentials could not do what it was asked for', async (t) => {
  const account =
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a, namespace: b, annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/a" } }\n'
  const environment = { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' }
  t.match(await run(['check', '-', '--aws'], account, environment), {
    code: 2,
    stderr: /^irsa-guard: --aws: no usable AWS credentials were found; .*\n$/,
    stdout: /not checked: .*: no usable AWS credentials were found/
  })
  const unannotated = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a, namespace: b }\n'
  t.match(await run(['check', '-', '--aws'], unannotated, environment), { code: 0, stderr: '' }, 'no lookup')
})
