import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { text as readStream } from 'node:stream/consumers'
import t from 'tap'
import { issueCa } from '../../src/controller/certificates/issue-certificate.js'
import { configurationWith } from '../support/bundle-cases.js'
import { makeAuthority, pem } from '../support/certificates.js'
import { absentReply, identityReply, roleReply, startFakeIam } from '../support/fake-iam.js'
import { configurationOf, podsRule, selfManagedWebhook } from '../support/webhooks.js'

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built command as a user does. */
async function run(args: readonly string[], stdin = '', environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(process.execPath, ['dist/cli.js', ...args], {
    env: { PATH: process.env['PATH'], ...environment }
  })
  child.stdin.end(stdin)
  const [stdout, stderr, [code]] = await Promise.all([
    readStream(child.stdout),
    readStream(child.stderr),
    once(child, 'close') as Promise<[number]>
  ])

  return { code, stdout, stderr }
}

const examples = ['check', 'examples/service-accounts.yaml', '--iam', 'examples/iam.json']

t.test('check tells what is wrong, where and how to mend it', async (t) => {
  const { code, stdout } = await run(examples)
  t.equal(code, 1)
  t.equal(
    stdout,
    `examples/service-accounts.yaml:15 ServiceAccount shop/search
  error role-arn-malformed: the annotation is the ARN of a policy, not of a role: "arn:aws:iam::111122223333:policy/search"
  field: metadata.annotations["eks.amazonaws.com/role-arn"]
  fix: write the ARN of a role, arn:aws:iam::<12-digit account>:role/<path/><name>
examples/service-accounts.yaml:23 ServiceAccount shop/mail
  error role-missing: role arn:aws:iam::111122223333:role/mail does not exist
  field: metadata.annotations["eks.amazonaws.com/role-arn"]
  fix: create the role, or point the annotation to an existing one; a new role can take up to two minutes to appear in IAM
3 objects: 2 errors, 0 warnings, 0 infos, 0 waived
`
  )
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
    summary: { objects: 3, errors: 2, warnings: 0, infos: 0, waived: 0, unchecked: 0 }
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
    stdout: /waived role-arn-malformed[^]*reason: moving[^]*0 errors, 0 warnings, 0 infos, 1 waived/
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
  t.match(stdout, /role-missing: role arn:aws:iam::111122223333:role\/gone does not exist/)
  t.match(stdout, /3001 objects: 1 error/)
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
  const { stdout } = await run(['check', '-', '-n', 'shop'], manifest)
  t.match(
    stdout,
    /stdin:21 CronJob shop\/cart\n {2}warning mutation-preempted: container app lacks AWS_WEB_IDENTITY_TOKEN_FILE/
  )
  t.match(stdout, /field: spec\.jobTemplate\.spec\.template\.spec\.containers\[0\]\.env\[0\]/)
  t.match(
    stdout,
    /not checked: service-account-missing for 1 object: service account shop\/web is not among the files/
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
        message: /; also at spec\.workerGroupSpecs\[0\]\.template\.metadata\.labels\[[^,]*$/
      },
      { rule: 'mutation-preempted', field: 'spec.workerGroupSpecs[1].template.spec.containers[0].env[0]' }
    ]
  )
  t.match(
    unchecked.find(({ rule }) => rule === 'service-account-missing'),
    { because: 'service account shop/other is not among the files', count: 1 }
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
        /^stdin:3 ServiceAccount shop\/cart\n {2}error role-not-permitted-in-namespace: [^]*\n2 objects: 1 error, 0 warnings, 0 infos, 0 waived/
    }
  )
  t.match(await run(args, account + namespace('labels: { irsa-guard.io/mode: warn }')), {
    code: 1,
    stdout: /error role-missing/
  })
  t.match(await run(args, account + namespace('labels: { irsa-guard.io/mode: "off" }')), {
    code: 0,
    stdout: /^2 objects: 0 errors/
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
      /error ca-bundle-untrusted: .* does not contain the cluster CA/,
      /warning identity-webhook-duplicated: pods are sent to 2 identity webhooks/,
      /warning webhook-backend-missing: .* which has no port 443 \(it has 8443\)/
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
    ['check', '-', 'gone.yaml', 'src'],
    'a: [\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a }\n'
  )
  t.equal(code, 2)
  t.match(
    stderr,
    /^irsa-guard: stdin:\d+: .+\nirsa-guard: there is no file gone.yaml\nirsa-guard: src is a directory; name its files, such as src\/\*.yaml\n$/
  )
  t.match(stdout, /^1 object: 0 errors/)
})

t.test('wrong use ends with 2 and says what', async (t) => {
  const table: readonly (readonly [string[], RegExp])[] = [
    [['check'], /missing required argument 'files'/],
    [['check', '-', '--output', 'xml'], /Allowed choices are text, json/],
    [['check', '-', '--iam', 'gone.json'], /^irsa-guard: there is no file gone.json\n$/],
    [['check', '-', '--iam', 'README.md'], /^irsa-guard: README.md is not JSON in UTF-8: .+\n$/],
    [['check', '-', '--iam', 'package.json'], /package.json: expected an object with apiVersion/],
    [
      ['check', '-', '--iam', 'examples/iam.json', '--aws'],
      /option '--aws' cannot be used with option '--iam <file>'/
    ],
    [['check', '-', '--issuer', 'oidc.example'], /--issuer is "oidc.example"; expected a URL/],
    [
      ['serve'],
      /^irsa-guard: tls.certFile is "\/etc\/irsa-guard\/tls\/tls.crt", but there is no directory \/etc\/irsa-guard\/tls\n$/
    ],
    [['serve', '--config', 'gone.yaml'], /^irsa-guard: there is no file gone.yaml\n$/],
    [['serve', '--config', 'tsconfig.build.json'], /^irsa-guard: tsconfig.build.json: extends: unknown key/],
    [['controller'], /^irsa-guard: no cluster found: there is no --kubeconfig, /],
    [['trust'], /required option '--service-account <name>' not specified/],
    [['trust', '--service-account', 'a'], /the issuer of the cluster is not known; pass --issuer/],
    [['trust', '--service-account', 'a', '--iam', 'examples/iam.json'], /no trust policy given/],
    [
      [
        'trust',
        '--service-account',
        'a',
        '--issuer',
        'https://a.example',
        '--role',
        'arn:aws:iam::111122223333:role/a'
      ],
      /--role is given without IAM facts/
    ],
    [
      ['trust', '--service-account', 'a', '--iam', 'examples/iam.json', '--role', 'a'],
      /--role is "a"; expected arn:aws:iam/
    ],
    [
      [
        'trust',
        '--service-account',
        'a',
        '--iam',
        'examples/iam.json',
        '--role',
        'arn:aws:iam::111122223333:role/gone'
      ],
      /role\/gone does not exist/
    ],
    [
      [
        'trust',
        '--service-account',
        'a',
        '--iam',
        'examples/iam.json',
        '--role',
        'arn:aws:iam::999999999999:role/a'
      ],
      /does not list all roles/
    ],
    [
      ['trust', '--service-account', 'a', '--iam', 'examples/iam.json', '--policy', 'package.json'],
      /OIDC providers of 0 accounts; name the role of the policy with --role/
    ],
    [
      ['check', '-', '-n=shop'],
      /^irsa-guard: --namespace is "=shop"; expected .*; write -n shop, or --namespace=shop\n$/
    ],
    [
      ['check', '-', '-n', ''],
      /^irsa-guard: --namespace is ""; expected a namespace name: at most 63 of a-z, .* letter or digit\n$/
    ],
    [['check', '-', '-n', 'a.b'], /--namespace is "a.b"; expected/],
    [['check', '-', '-n', 'a'.repeat(64)], /--namespace is "a+"; expected/],
    [['check', '-', '--issuer='], /--issuer is ""; expected a URL/],
    [
      ['check', '-', '--audience='],
      /^irsa-guard: --audience is ""; expected the name of an audience, such as sts.amazonaws.com\n$/
    ],
    [
      ['check', '-', '--iam', 'src'],
      /^irsa-guard: src is a directory; name its JSON files with IAM facts instead, each with its own --iam/
    ],
    [['check', '-', '--config', 'src'], /^irsa-guard: src is a directory; expected a file\n$/],
    [['trust', '-n', 'shop*', '--service-account', 'a'], /--namespace is "shop\*"; expected/],
    [['trust', '-n', 'shop/cart', '--service-account', 'a'], /--namespace is "shop\/cart"; expected/],
    [
      ['trust', '--service-account', 'Bad Name'],
      /^irsa-guard: --service-account is "Bad Name"; expected a service account name: /
    ],
    [['trust', '--service-account='], /--service-account is ""; expected/],
    [['trust', '--service-account', 'a..b'], /--service-account is "a..b"; expected/],
    [['trust', '--service-account', 'a.b', '--audience='], /--audience is ""; expected/],
    [['ca'], /no bundle given; expected mutatingwebhookconfiguration\/NAME of a cluster, or --bundle FILE/],
    [
      ['ca', 'mutatingwebhookconfiguration/a', '--bundle', 'ca.pem'],
      /^irsa-guard: both mutatingwebhookconfiguration\/a and --bundle ca\.pem are given; expected only one\n$/
    ],
    ...['abc', '1', '1.23x', '1.', '2.1', ''].map((go): [string[], RegExp] => [
      ['ca', '--bundle', 'examples/cluster-ca.pem', '--go', go],
      new RegExp(`^irsa-guard: --go is "${go}"; expected a Go version, such as 1\\.23 or 1\\.25\\.3\\n$`)
    ]),
    [['serv'], /unknown command 'serv'/]
  ]
  for (const [args, message] of table) t.match(await run(args), { code: 2, stderr: message }, args.join(' '))
})

t.test('a reader that stops early changes neither the exit code nor stderr', async (t) => {
  const account = readFileSync('demo/policy-arn.yaml', 'utf8')
  const child = spawn('sh', [
    '-c',
    `{ "${process.execPath}" dist/cli.js check -; echo "code $?" >&2; } | head -n 1`
  ])
  child.stdin.end(Array(3000).fill(account).join('---\n'))
  t.equal(await readStream(child.stderr), 'code 1\n')
})

t.test('serve and controller end with 2 when a port is taken, whatever they have begun', async (t) => {
  const other = createServer()
  other.listen(0, '::')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo // of a server that listens
  const { key, certificate } = issueCa('localhost', {
    from: new Date(Date.now() - 60_000),
    until: new Date(Date.now() + 3_600_000)
  })
  const cluster = { server: 'https://127.0.0.1:1' } // nobody is there
  const kubeconfig = {
    clusters: [{ name: 'a', cluster }],
    contexts: [{ name: 'a', context: { cluster: 'a' } }],
    'current-context': 'a'
  }
  const tls = (directory: string) => `tls: { certFile: ${directory}/tls.crt, keyFile: ${directory}/tls.key }`
  const directory = t.testdir({
    'tls.key': key,
    'tls.crt': certificate,
    kubeconfig: JSON.stringify(kubeconfig),
    empty: {}
  })
  writeFileSync(`${directory}/review.yaml`, `server: { port: ${port}, healthPort: 0 }\n${tls(directory)}`)
  writeFileSync(`${directory}/health.yaml`, `server: { port: 0, healthPort: ${port} }\n${tls(directory)}`)
  const withCluster = ['--kubeconfig', `${directory}/kubeconfig`]
  for (const [command, file, ...more] of [
    ['serve', 'review'],
    ['serve', 'review', ...withCluster],
    ['serve', 'health'],
    ['serve', 'health', ...withCluster],
    ['controller', 'health', ...withCluster]
  ] as const) {
    const args = [command, '--config', `${directory}/${file}.yaml`, '--iam', 'examples/iam.json', ...more]
    const ended = await run(args, '', { HOME: `${directory}/empty` })
    t.match(
      ended,
      { code: 2, stderr: new RegExp(`^irsa-guard: port ${port} is already in use\n$`) },
      `${command} ${file}`
    )
  }
})

const trustOf = (name: string, ...more: string[]): string[] => [
  'trust',
  '--role',
  'arn:aws:iam::111122223333:role/team/cart',
  '--iam',
  'examples/iam.json',
  '-n',
  'shop',
  '--service-account',
  name,
  ...more
]

t.test('trust shows the statement, what differs, and the corrected policy', async (t) => {
  t.match(await run(trustOf('cart')), {
    code: 0,
    stdout: /^ {2}\{[^]*^> {5}\{[^]*^system:serviceaccount:shop:cart: allowed by statement 0\n$/m
  })
  t.match(await run(trustOf('web')), {
    code: 1,
    stdout:
      /^> {5}\{[^]*shop:web: denied: no statement allows it; statement 0 comes nearest\nerror trust-subject-mismatch: .*: the name differs\n {2}fix: .*\n\n--- trust policy\n\+\+\+ corrected\n@@[^]*^\+ +"system:serviceaccount:shop:web"$/m
  })
  t.equal((await run(trustOf('web', '--fail-on', 'never'))).code, 0)
  t.match(JSON.parse((await run(trustOf('web', '--output', 'json'))).stdout), {
    verdict: 'denied',
    statement: 0,
    suggested: { Statement: [{}] }
  })
})

t.test('trust --aws asks IAM for the role', async (t) => {
  const role = 'arn:aws:iam::111122223333:role/team/cart'
  const { issuer, roles } = JSON.parse(readFileSync('examples/iam.json', 'utf8')) as {
    issuer: string
    roles: [{ trustPolicy: object }]
  }
  const iam = await startFakeIam(({ action }) =>
    action === 'GetCallerIdentity' ? identityReply('111122223333') : roleReply(role, roles[0].trustPolicy)
  )
  t.teardown(() => iam.close())
  const environment = {
    AWS_ENDPOINT_URL: iam.url,
    AWS_ACCESS_KEY_ID: 'AKIAOWN',
    AWS_SECRET_ACCESS_KEY: 's',
    HOME: '/nonexistent'
  }
  const args = ['trust', '--aws', '--role', role, '--issuer', issuer, '-n', 'shop', '--service-account']
  t.match(await run([...args, 'cart'], '', environment), {
    code: 0,
    stdout: /shop:cart: allowed by statement 0/
  })
  t.match(await run([...args, 'web'], '', environment), { code: 1, stdout: /error trust-subject-mismatch: / })
  t.match(await run([...args, 'cart', '--iam', 'examples/iam.json'], '', environment), {
    code: 2,
    stderr: /cannot be used with/
  })
})

t.test('check takes the default audience of the identity webhook', async (t) => {
  const account = `apiVersion: v1
kind: ServiceAccount
metadata: { name: cart, namespace: shop, annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/team/cart" } }
`
  const args = ['check', '-', '--iam', 'examples/iam.json', '--audience']
  t.match(await run([...args, 'vault'], account), {
    code: 1,
    stdout: /error trust-audience-mismatch: .*the token has "vault"/
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
  t.match(await run(args, account('aws.example')), {
    code: 1,
    stdout:
      /error trust-subject-mismatch: role cart .*\n {2}field: metadata\.annotations\["aws\.example\/role-arn"\]/
  })
  t.match(await run(args, account('eks.amazonaws.com')), {
    code: 0,
    stdout: /^.*\n {2}warning role-annotation-misspelt: .*did you mean aws\.example\/role-arn\?(?![^]*trust-)/
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

t.test('trust reads a policy, plain or percent-encoded, and prints the corrected one', async (t) => {
  const iam = JSON.parse(readFileSync('examples/iam.json', 'utf8')) as {
    issuer: string
    roles: [{ trustPolicy: unknown }]
  }
  const policy = iam.roles[0].trustPolicy
  const args = (name: string, ...more: string[]): string[] => [
    'trust',
    '--policy',
    '-',
    '--issuer',
    iam.issuer,
    '-n',
    'shop',
    '--service-account',
    name,
    ...more
  ]
  const corrected = await run(args('web', '--fix'), encodeURIComponent(JSON.stringify(policy)))
  t.equal(corrected.code, 0)
  t.match(await run(args('web'), corrected.stdout), { code: 0, stdout: /shop:web: allowed by statement 0/ })
  t.strictSame(
    JSON.parse((await run(args('cart', '--fix'), JSON.stringify(policy))).stdout),
    policy,
    'what is right stays'
  )
  const refused = JSON.stringify(policy).replace('"Allow"', '"Deny"')
  t.match(await run(args('cart', '--fix'), refused), {
    code: 1,
    stdout: /^$/,
    stderr:
      /^irsa-guard: no policy printed: no small edit is guaranteed to admit this service account\nsystem:.*:shop:cart: denied.*\nerror trust-explicit-deny: .*\n {2}fix: /
  })
  const role = ['--role', 'arn:aws:iam::111122223333:role/a']
  t.match(await run(args('cart', '--fix', ...role), '{}'), {
    code: 1,
    stdout: /^$/,
    stderr: /: invalid\nerror trust-policy-invalid: /
  })
  const open = JSON.stringify(policy).replace(
    '"StringEquals":{',
    '"IpAddress":{"aws:SourceIp":"192.0.2.0/24"},"StringEquals":{'
  )
  t.match(await run(args('cart', '--fix'), open), {
    code: 1,
    stdout: /^$/,
    stderr: /: depends.*\nwarning trust-depends-on-runtime: /
  })
  const wide = JSON.stringify(policy)
    .replaceAll(/"system:serviceaccount:shop:[^"]*"/g, '"system:serviceaccount:shop:*"')
    .replace('StringEquals', 'StringLike')
  const printed = await run(args('cart', '--fix'), wide)
  t.match(printed, { code: 0, stderr: /^$/ }, 'it lets the account in, whatever else is found')
  t.match(await run(args('cart', '--fail-on', 'warning'), printed.stdout), {
    code: 1,
    stdout: /warning trust-subject-too-broad: /
  })
  t.match(await run([...args('cart'), '--role', 'arn:aws:iam::111122223333:role/a'], '{}'), {
    code: 1,
    stdout: /\nsystem:.*: invalid\nerror trust-policy-invalid: /
  })
})

t.test('trust reads what commands print of a policy, and says what else it was given', async (t) => {
  const { issuer, roles } = JSON.parse(readFileSync('examples/iam.json', 'utf8')) as {
    issuer: string
    roles: [{ trustPolicy: unknown }]
  }
  const json = JSON.stringify(roles[0].trustPolicy)
  const args = ['trust', '--policy', '-', '--service-account', 'cart', '-n', 'shop']
  for (const text of [
    json,
    JSON.stringify(json),
    JSON.stringify(encodeURIComponent(json)),
    `\uFEFF${json}`
  ]) {
    t.match(
      await run([...args, '--issuer', issuer], text),
      { code: 0, stdout: /allowed by statement 0/ },
      text.slice(0, 5)
    )
  }

  const expected = 'expected a trust policy: JSON, or percent-encoded JSON as IAM returns it\n'
  const table: readonly (readonly [string, string])[] = [
    ['', 'stdin is empty; expected a trust policy in JSON (the command before the pipe probably failed)\n'],
    [
      ' \n',
      'stdin is empty; expected a trust policy in JSON (the command before the pipe probably failed)\n'
    ],
    ['""', `stdin contains nothing; ${expected}`],
    ['{', `stdin contains invalid or truncated JSON; ${expected}`],
    ['Version: "2012-10-17"\nStatement: []\n', `stdin contains YAML; ${expected}`],
    ['\u0000\u0001', `stdin contains binary data; ${expected}`],
    ['%7B', `stdin contains percent-encoded text that is not JSON; ${expected}`],
    ['%', `stdin contains percent-encoded text that is not JSON; ${expected}`],
    ['no such role', `stdin contains text that starts with "no such role"; ${expected}`]
  ]
  for (const [text, message] of table) {
    t.strictSame(
      await run(args, text),
      { code: 2, stdout: '', stderr: `irsa-guard: ${message}` },
      JSON.stringify(text)
    )
  }
  const directory = t.testdir({ 'policy.json': '' })
  t.match(await run(['trust', '--policy', `${directory}/policy.json`, '--service-account', 'cart']), {
    code: 2,
    stderr: /policy\.json contains nothing/
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
    'many.json': `{"kind":"List","items":[${Array(130_000).fill('{"kind":"Secret"}').join(',')}]}`
  })
  t.match(await run(['check', `${directory}/many.json`]), {
    code: 0,
    stdout: /^130000 objects: 0 errors/,
    stderr: /^$/
  })
})

t.test(
  'the exit code stands when complaints cannot be written',
  { skip: !existsSync('/dev/full') && 'no /dev/full' },
  async (t) => {
    for (const args of ['check gone.yaml', 'check - --nonsense', 'check - --iam gone.json']) {
      const child = spawn('sh', [
        '-c',
        `"${process.execPath}" dist/cli.js ${args} 2>/dev/full </dev/null >/dev/null; echo "code $?"`
      ])
      t.equal(await readStream(child.stdout), 'code 2\n', args)
    }
  }
)

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

t.test('help has examples', async (t) => {
  for (const command of ['check', 'serve', 'trust'])
    t.match(await run([command, '--help']), { code: 0, stdout: /Examples?:\n/ }, command)
})

t.test('--version says the version of package.json', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  t.strictSame(await run(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})
