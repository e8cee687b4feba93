import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseConfig } from '../../src/config.js'
import { checkObjects } from '../../src/library/check-objects.js'
import { evaluateTrust } from '../../src/library/evaluate-trust.js'
import { buildIssuerReader } from '../../src/sources/cluster/cluster-issuer.js'
import { clientThat } from '../support/kube-client.js'
import { runCli as run } from '../support/run-cli.js'

const field = 'test/field'
const eks = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'
const aks = 'https://eastus.oic.prod-aks.azure.com/00000000-0000-0000-0000-000000000000/'
const role = 'arn:aws:iam::111122223333:role/r'
const readJson = (file: string): unknown => JSON.parse(readFileSync(`${field}/${file}`, 'utf8'))

/** A correct policy for one subject. */
const policyFor = (issuer: string, subject: string): object => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: {
        Federated: `arn:aws:iam::111122223333:oidc-provider/${issuer.slice('https://'.length)}`
      },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: {
          [`${issuer.slice('https://'.length)}:sub`]: subject,
          [`${issuer.slice('https://'.length)}:aud`]: 'sts.amazonaws.com'
        }
      }
    }
  ]
})

t.test('an EKS issuer with a trailing slash is the same issuer', async (t) => {
  const account = ['-n', 'kube-system', '--service-account', 'karpenter', '--role', role]
  const file = `${field}/issuer-with-a-slash/policy.json`
  const right = readJson('issuer-with-a-slash/policy.json')
  for (const slashes of ['', '/', '//']) {
    const args = ['trust', '--policy', file, '--issuer', `${eks}${slashes}`, ...account]
    t.match(
      await run(args),
      { code: 0, stdout: /^✓ allowed .*karpenter[^]*\n {2}by {7}statement 1 of 1\n/ },
      slashes
    )
    t.strictSame(JSON.parse((await run([...args, '--fix'])).stdout), right)
  }
  t.match(
    await run([
      'trust',
      '--policy',
      file,
      '--issuer',
      'https://oidc-eks.us-east-1.api.aws/id/EXAMPLED539D4633E53DE1B71EXAMPLE/',
      ...account
    ]),
    {
      code: 2,
      stdout: '',
      stderr:
        /the dual-stack URL of an EKS cluster \(oidc-eks\), but tokens name the oidc\.eks URL \(pass the output of: aws eks describe/
    },
    'the dual-stack URL is not the issuer in tokens'
  )
})

t.test('a trailing slash is removed from an EKS issuer everywhere, and from no other issuer', async (t) => {
  const subject = 'system:serviceaccount:shop:cart'
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'cart', namespace: 'shop', annotations: { 'eks.amazonaws.com/role-arn': role } }
  }
  const iamOf = (issuer: string, provider: string): object => ({
    apiVersion: 'irsa-guard.io/v1',
    kind: 'IamSnapshot',
    issuer,
    accounts: ['111122223333'],
    roles: [{ arn: role, trustPolicy: policyFor(provider, subject) }],
    oidcProviders: [
      {
        arn: `arn:aws:iam::111122223333:oidc-provider/${provider.slice('https://'.length)}`,
        clientIds: ['sts.amazonaws.com']
      }
    ]
  })
  for (const [issuer, provider, isRight] of [
    [`${eks}/`, eks, true],
    [aks, aks, true],
    [aks, aks.slice(0, -1), false]
  ] as const) {
    const iam = iamOf(issuer, provider)
    for (const options of [{ iam }, { iam: iamOf(eks, provider), issuer }]) {
      const [verdict] = await checkObjects([account], options)
      t.equal(verdict?.allowed, isRight, `library: ${issuer} for ${provider}`)
    }
    const question = { roleAccount: '111122223333', namespace: 'shop', serviceAccount: 'cart', issuer }
    const { verdict } = evaluateTrust({
      ...question,
      document: policyFor(provider, subject),
      audience: 'sts.amazonaws.com'
    })
    t.equal(verdict, isRight ? 'allowed' : 'denied', `evaluateTrust: ${issuer} for ${provider}`)

    const folder = t.testdir({
      'iam.json': JSON.stringify(iam),
      'same.json': JSON.stringify({ ...iamOf(provider, provider), roles: undefined }),
      'config.yaml': `issuer: ${issuer}\n`,
      'policy.json': JSON.stringify(policyFor(provider, subject)),
      'account.yaml': JSON.stringify(account)
    })
    const code = isRight ? 0 : 1
    const trust = ['trust', '-n', 'shop', '--service-account', 'cart']
    for (const args of [
      ['check', `${folder}/account.yaml`, '--iam', `${folder}/iam.json`],
      ['check', `${folder}/account.yaml`, '--iam', `${folder}/iam.json`, '--issuer', issuer],
      [...trust, '--role', role, '--iam', `${folder}/iam.json`],
      [...trust, '--policy', `${folder}/policy.json`, '--config', `${folder}/config.yaml`]
    ])
      t.equal((await run(args)).code, code, args.join(' '))
    if (isRight)
      t.equal(
        (await run([...trust, '--role', role, '--iam', `${folder}/iam.json`, '--iam', `${folder}/same.json`]))
          .code,
        0,
        'two files with the same issuer'
      )
  }

  t.equal(parseConfig(`issuer: ${eks}/\n`, 'c', []).issuer, eks)
  t.equal(parseConfig(`issuer: ${aks}\n`, 'c', []).issuer, aks)
  for (const [issuer, known] of [
    [`${eks}/`, eks],
    [aks, aks]
  ] as const) {
    const client = { ...clientThat(() => ({ body: { issuer } })), readToken: async () => undefined }
    t.match(await buildIssuerReader(client)({ signal: AbortSignal.timeout(60_000) }), { value: known })
  }
})

t.test('the dual-stack URL of an EKS cluster shows the region and the partition', async (t) => {
  const manifest = `${field}/dual-stack-issuer/manifests.yaml`
  const id = '/id/EXAMPLED539D4633E53DE1B71EXAMPLE'
  for (const [host, partition] of [
    ['oidc-eks.us-gov-west-1.api.aws', 'aws-us-gov'],
    ['oidc-eks.cn-northwest-1.api.amazonwebservices.com.cn', 'aws-cn'],
    ['oidc-eks.eusc-de-east-1.api.amazonwebservices.eu', 'aws-eusc']
  ] as const) {
    const ended = await run(['check', manifest, '--issuer', `https://${host}${id}`])
    t.match(
      ended,
      { code: 1, stdout: new RegExp(`error {2}.* role-arn-partition-mismatch\\n.*${partition}`) },
      host
    )
  }
  const same = await run(['check', manifest, '--issuer', `https://oidc-eks.eu-west-1.api.aws${id}`])
  t.match(same, { code: 0 })
  t.notMatch(same.stdout, 'role-arn-partition-mismatch')

  // A provider and a trust policy for the dual-stack URL admit no token, so irsa-guard must not report
  // success.
  const issuer = `https://oidc-eks.eu-west-1.api.aws${id}`
  const arn = 'arn:aws:iam::111122223333:role/karpenter'
  const iam = {
    apiVersion: 'irsa-guard.io/v1',
    kind: 'IamSnapshot',
    issuer,
    accounts: ['111122223333'],
    roles: [{ arn, trustPolicy: policyFor(issuer, 'system:serviceaccount:kube-system:karpenter') }],
    oidcProviders: []
  }
  const folder = t.testdir({ 'iam.json': JSON.stringify(iam) })
  const judged = await run(['check', manifest, '--iam', `${folder}/iam.json`])
  t.match(judged, {
    code: 0,
    stdout: /not checked: .*tokens name the oidc\.eks URL \(pass the output of: aws eks/
  })
  t.notMatch(judged.stdout, /create-open-id-connect-provider/)
  const question = {
    roleAccount: '111122223333',
    namespace: 'kube-system',
    serviceAccount: 'karpenter',
    issuer
  }
  t.match(evaluateTrust({ ...question, document: iam.roles[0]?.trustPolicy }), {
    verdict: 'invalid',
    findings: [{ rule: 'not-a-question', field: 'issuer' }]
  })
})

t.test('a condition operator outside Condition is reported, and --fix moves it into Condition', async (t) => {
  const file = `${field}/condition-wrapper-missing/policy.json`
  const args = [
    'trust',
    '--policy',
    file,
    '--role',
    role,
    '--issuer',
    eks,
    '-n',
    'xl',
    '--service-account',
    'app'
  ]
  t.match(await run(args), {
    code: 1,
    stdout:
      /^✗ invalid {2}IAM would not store the trust policy of role .*[^]*\n {2}in {7}statement 1 of 1\n\n {2}error {4}trust-policy-invalid: .*\n {2}fix {6}move StringEquals into the Condition of the statement: "Condition": \{"StringEquals": \{…\}\}\n/
  })
  const fixed = await run([...args, '--fix'])
  t.equal(fixed.code, 0)
  t.strictSame(JSON.parse(fixed.stdout), policyFor(eks, 'system:serviceaccount:xl:app'))
})

t.test('evaluateTrust answers every question', async (t) => {
  const right = {
    document: policyFor(eks, 'system:serviceaccount:shop:cart'),
    roleAccount: '111122223333',
    issuer: eks,
    namespace: 'shop',
    serviceAccount: 'cart'
  }
  t.match(evaluateTrust(right), { verdict: 'allowed', findings: [] }, 'with the default audience')
  t.match(evaluateTrust({ ...right, audience: undefined, partition: undefined, at: undefined }), {
    verdict: 'allowed'
  })
  t.match(evaluateTrust({ ...right, at: new Date(NaN) }), { verdict: 'allowed' })

  const table: readonly (readonly [unknown, string])[] = [
    [undefined, 'roleAccount is missing; expected a non-empty string'],
    [null, 'roleAccount is missing; expected a non-empty string'],
    ['question', 'roleAccount is missing; expected a non-empty string'],
    [[right], 'roleAccount is missing; expected a non-empty string'],
    [{ ...right, roleAccount: 111122223333 }, 'roleAccount is of type number; expected a non-empty string'],
    [{ ...right, roleAccount: '' }, 'roleAccount is ""; expected a non-empty string'],
    [{ ...right, issuer: undefined }, 'issuer is missing; expected a non-empty string'],
    [{ ...right, issuer: new URL(eks) }, 'issuer is of type object; expected a non-empty string'],
    [{ ...right, namespace: null }, 'namespace is null; expected a non-empty string'],
    [{ ...right, serviceAccount: ['cart'] }, 'serviceAccount is an array; expected a non-empty string'],
    [{ ...right, audience: 7 }, 'audience is of type number; expected a non-empty string'],
    [{ ...right, partition: 1 }, 'partition is of type number; expected a non-empty string'],
    [{ ...right, at: '2026-01-01' }, 'at is of type string; expected a Date'],
    [{ ...right, encoding: 'base64' }, 'encoding is of type string; expected "json" or "url"']
  ]
  for (const [question, message] of table)
    t.match(evaluateTrust(question as typeof right), {
      verdict: 'invalid',
      overPermissive: false,
      findings: [{ rule: 'not-a-question', severity: 'error', message }]
    })
  for (const document of [undefined, null, 7, '', () => 1, Symbol('x'), 1n])
    t.match(evaluateTrust({ ...right, document }), {
      verdict: 'invalid',
      findings: [{ rule: 'trust-policy-invalid' }]
    })
})

const withRole = ['--issuer', eks, '--service-account', 'shop/cart']
const policyText = JSON.stringify(policyFor(eks, 'system:serviceaccount:shop:cart'))
const policyOfRole: unknown = JSON.parse(policyText)
const arnOf = (name: string): string => `arn:aws:iam::111122223333:role/team/${name}`
const roleOf = (name: string, policy: unknown = policyOfRole): object => ({
  Path: '/team/',
  RoleName: name,
  RoleId: 'AROAEXAMPLE',
  Arn: arnOf(name),
  CreateDate: '2026-01-01T00:00:00+00:00',
  AssumeRolePolicyDocument: policy,
  MaxSessionDuration: 3600
})
const terraformRole = (policy: string): object => ({
  address: 'aws_iam_role.cart',
  mode: 'managed',
  type: 'aws_iam_role',
  name: 'cart',
  values: { arn: arnOf('cart'), name: 'cart', assume_role_policy: policy }
})
const stackOf = (roles: Readonly<Record<string, object>>): object => ({
  AWSTemplateFormatVersion: '2010-09-09',
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket' },
    ...Object.fromEntries(
      Object.entries(roles).map(([name, Properties]) => [name, { Type: 'AWS::IAM::Role', Properties }])
    )
  }
})

t.test('a policy is extracted from the document that contains it', async (t) => {
  const yaml = `Version: 2012-10-17
Statement:
  - Effect: Allow
    Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/${eks.slice(8)}" }
    Action: sts:AssumeRoleWithWebIdentity
    Condition:
      StringEquals:
        ${eks.slice(8)}:sub: system:serviceaccount:shop:cart
        ${eks.slice(8)}:aud: sts.amazonaws.com
`
  const indented = yaml.replaceAll(/^/gm, '        ').trimEnd()
  const inputs: readonly (readonly [string, unknown])[] = [
    ['aws iam get-role', { Role: roleOf('cart') }],
    ['as the API returns it', { Role: roleOf('cart', encodeURIComponent(policyText)) }],
    ['aws iam get-role --query Role', roleOf('cart')],
    ['aws iam list-roles with one role', { Roles: [roleOf('cart')] }],
    [
      'a role of a CloudFormation template',
      { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: policyOfRole } }
    ],
    ['a CloudFormation template', stackOf({ Role: { AssumeRolePolicyDocument: policyOfRole } })],
    [
      'terraform show -json of a plan',
      {
        format_version: '1.2',
        planned_values: {
          root_module: { child_modules: [{ resources: [terraformRole(policyText)] }] }
        },
        resource_changes: [
          { change: { before: { assume_role_policy: '{}' }, after: { assume_role_policy: policyText } } }
        ],
        configuration: {
          root_module: { resources: [{ expressions: { assume_role_policy: { references: ['data.x'] } } }] }
        }
      }
    ],
    [
      'terraform show -json of a state',
      { format_version: '1.0', values: { root_module: { resources: [terraformRole(policyText)] } } }
    ],
    ['YAML', yaml],
    ['YAML with a marker', `---\n${yaml}`],
    ['a role in YAML', `Role:\n    Arn: ${arnOf('cart')}\n    AssumeRolePolicyDocument:\n${indented}\n`],
    [
      'a CloudFormation template in YAML',
      `Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: !Sub "\${AWS::StackName}-cart"\n      AssumeRolePolicyDocument:\n${indented}\n`
    ]
  ]
  for (const [what, input] of inputs) {
    const text = typeof input === 'string' ? input : JSON.stringify(input)
    const stdin = await run(['trust', '--policy', '-', ...withRole], text)
    t.match(
      stdin,
      { code: 0, stdout: /^✓ allowed .*shop:cart[^]*\n {2}by {7}statement 1 of 1\n/ },
      `${what}: stdin`
    )
    const folder = t.testdir({ policy: text })
    const fixed = await run(['trust', '--policy', `${folder}/policy`, ...withRole, '--fix'])
    t.strictSame(JSON.parse(fixed.stdout), policyOfRole, `${what}: a file, and --fix prints only the policy`)
  }
})

t.test('the account comes from the role in the input; --role chooses one of several roles', async (t) => {
  const other = 'arn:aws:iam::444455556666:role/cart'
  t.match(
    await run(
      ['trust', '--policy', '-', ...withRole],
      JSON.stringify({ Role: { ...roleOf('cart'), Arn: other } })
    ),
    { code: 1, stdout: /trust-provider-mismatch: .*the provider must be in the role's account/ }
  )

  const roles = { Roles: [roleOf('cart'), roleOf('web', policyFor(eks, 'system:serviceaccount:shop:web'))] }
  const listed = `"${arnOf('cart')}", "${arnOf('web')}"`
  const two = {
    A: { RoleName: 'a', AssumeRolePolicyDocument: policyOfRole },
    B: { RoleName: 'b', AssumeRolePolicyDocument: policyOfRole }
  }
  const many = { Roles: Array.from({ length: 12 }, (_, index) => roleOf(`r${index}`)) }
  const unnamed = stackOf({
    A: { AssumeRolePolicyDocument: policyOfRole },
    B: { AssumeRolePolicyDocument: policyOfRole }
  })
  const table: readonly (readonly [unknown, string | undefined, 0 | 1 | 2, string])[] = [
    [roles, undefined, 2, `stdin contains 2 roles; choose one with --role ARN: ${listed}\n`],
    [roles, arnOf('cart'), 0, ''],
    [roles, arnOf('web'), 1, ''],
    [roles, arnOf('gone'), 2, `--role is "${arnOf('gone')}", but stdin contains 2 other roles: ${listed}\n`],
    [
      { Role: roleOf('cart') },
      'arn:aws:iam::111122223333:role/cart',
      2,
      `--role is "arn:aws:iam::111122223333:role/cart", but stdin contains another role: "${arnOf('cart')}"\n`
    ],
    [stackOf(two), 'arn:aws:iam::111122223333:role/x/b', 0, ''],
    [stackOf(two), undefined, 2, 'stdin contains 2 roles; choose one with --role ARN: "a", "b"\n'],
    [
      stackOf({ A: two.A }),
      'arn:aws:iam::111122223333:role/b',
      2,
      '--role is "arn:aws:iam::111122223333:role/b", but stdin contains another role: "a"\n'
    ],
    [unnamed, undefined, 2, 'stdin contains 2 roles; choose one with --role ARN\n'],
    [many, undefined, 2, ' and 2 more\n']
  ]
  for (const [input, role, code, message] of table) {
    const ended = await run(
      ['trust', '--policy', '-', ...withRole, ...(role === undefined ? [] : ['--role', role])],
      JSON.stringify(input)
    )
    t.equal(ended.code, code, message)
    t.ok(ended.stderr.endsWith(message), ended.stderr)
  }
})

t.test('an input without a policy, or with an unresolved one, is rejected with advice', async (t) => {
  const federated = { 'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:oidc-provider/x' }
  const statement = {
    Effect: 'Allow',
    Principal: { Federated: federated },
    Action: 'sts:AssumeRoleWithWebIdentity'
  }
  const unfinished =
    /^irsa-guard: stdin contains "Fn::\w+", whose value only the deployed stack has; judge the deployed role: aws iam get-role/
  const table: readonly (readonly [unknown, RegExp])[] = [
    [stackOf({ A: { AssumeRolePolicyDocument: { Statement: [statement] } } }), unfinished],
    [{ Version: '2012-10-17', Statement: [statement] }, unfinished],
    ['Statement:\n  - Principal:\n      Federated: !GetAtt Provider.Arn\n', unfinished],
    ['Statement:\n  - Principal: !If [a, b, c]\n', unfinished],
    ['Statement:\n  - Principal: !Ref Provider\n', /stdin contains "Ref", whose value/],
    [stackOf({}), /^irsa-guard: stdin contains no role with a trust policy\n$/],
    [{ format_version: '1.2', planned_values: {} }, /contains no role with a trust policy/],
    [{ Role: { Arn: arnOf('cart') } }, /contains no role with a trust policy/],
    [
      { resource: { aws_iam_role: { cart: { assume_role_policy: '${data.x.json}' } } } },
      /contains a role whose trust policy is text that starts with "\$\{data.x.json\}"; expected JSON/
    ],
    ['a: 1\na: 2\n', /YAML that cannot be read/],
    ['just words', /text that starts with "just words"/],
    [
      '- &a [x]\n- &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n- &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n- &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n- [*d, *d, *d]\n',
      /YAML that cannot be read/
    ]
  ]
  for (const [input, message] of table) {
    const text = typeof input === 'string' ? input : JSON.stringify(input)
    t.match(
      await run(['trust', '--policy', '-', ...withRole], text),
      { code: 2, stdout: '', stderr: message },
      text
    )
  }
})

t.test('the namespace is never assumed', async (t) => {
  const file = `${field}/issuer-with-a-slash/policy.json`
  const args = ['trust', '--policy', file, '--issuer', eks]
  for (const more of [[], ['--fix']]) {
    t.match(await run([...args, '--service-account', 'karpenter', ...more]), {
      code: 2,
      stdout: '',
      stderr: /namespace of the service account is not given; pass -n NAMESPACE/
    })
    for (const account of [
      ['--service-account', 'kube-system/karpenter'],
      ['--service-account', 'kube-system/karpenter', '-n', 'kube-system'],
      ['--service-account', 'karpenter', '-n', 'kube-system']
    ])
      t.equal((await run([...args, ...account, ...more])).code, 0, account.join(' '))
  }
})
