import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { evaluateTrust } from '../../src/library/index.js'
import { runCli } from '../support/run-cli.js'
import {
  account,
  asks,
  host,
  issuer,
  policy,
  provider,
  question,
  statement,
  subject
} from '../support/trust.js'

const check = (file: string, iam = file.replace(/[^/]+$/, 'iam.json')) =>
  runCli(['check', `test/field/${file}`, '--iam', `test/field/${iam}`])
const trustArgs = (namespace: string, name: string): string[] => [
  ...['--role', `arn:aws:iam::${account}:role/r`, '--issuer', issuer],
  ...['-n', namespace, '--service-account', name]
]

t.test('a fix never removes the only limit on the subject', async (t) => {
  for (const [file, difference] of [
    ['condition-key-without-claim/manifests.yaml', 'the claim is missing'],
    ['subject-under-the-audience-key/manifests.yaml', 'its value is the subject of a token, not an audience']
  ] as const) {
    const { code, stdout } = await check(file)
    t.equal(code, 1)
    t.match(
      stdout,
      new RegExp(
        `error {2}.* trust-condition-key-malformed\\n.*: ${difference}\\n +fix {5}write the key "[^"]+:sub", and add "[^"]+:aud" with "sts.amazonaws.com" to the same statement\\n\\n✗ 1 error · 1 object judged\\n`
      )
    )
    t.notMatch(stdout, /remove that condition|eks\.amazonaws\.com\/audience/)
  }
  const swapped = policy(
    statement({
      Condition: { StringEquals: { [`${host}:aud`]: subject, [`${host}:sub`]: 'sts.amazonaws.com' } }
    })
  )
  t.strictSame(evaluateTrust(question(swapped)).suggested, policy(statement()), 'both claims are corrected')
  const unlimited = policy(statement({ Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }))
  t.match(evaluateTrust(question(unlimited)).findings, [
    {
      rule: 'trust-condition-unmeetable',
      fix: `replace that condition with StringEquals on "${host}:sub" with "${subject}"`
    }
  ])
  const limited = policy(
    statement({ Condition: { ...asks({}), StringLike: { 'aws:PrincipalOrgID': 'o-1' } } })
  )
  t.match(evaluateTrust(question(limited)).findings, [
    { fix: /^remove that condition from statement 1, whose other conditions admit only/ }
  ])
})

t.test('trust --fix corrects a policy in place so that IAM stores it', async (t) => {
  for (const [file, namespace, name] of [
    ['policy', 'postbox', 'postbox-sa'],
    ['policy-both', 'stage', 'workflow-manager']
  ] as const) {
    const args = [
      'trust',
      '--policy',
      `test/field/scheme-in-a-condition-key/${file}.json`,
      ...trustArgs(namespace, name)
    ]
    t.match(await runCli(args), { code: 1, stdout: /^✗ invalid {2}IAM [^]*\n {2}in {7}statement 1 of \d/ })
    const { code, stdout } = await runCli([...args, '--fix'])
    t.equal(code, 0)
    const wanted = `system:serviceaccount:${namespace}:${name}`
    t.strictSame(JSON.parse(stdout), policy(statement({ Condition: asks({ sub: wanted }) })))
  }
})

t.test('a fix names only statements, providers and values that exist', async (t) => {
  t.match(
    (await check('role-for-others/manifests.yaml')).stdout,
    /its statement 1 allows .*, for AWS principal "[^"]+"\n +fix {5}add a statement that allows/
  )
  t.match(
    (await check('role-for-others/ec2-role.yaml', 'role-for-others/ec2-role.json')).stdout,
    /for EC2 instances \(ec2.amazonaws.com\)\n +fix {5}add a statement that allows/
  )
  const { stdout } = await check('issuer-that-aws-cannot-reach/manifests.yaml')
  t.match(
    stdout,
    /oidc-provider-missing\n.*\n +fix {5}AWS cannot reach https:\/\/kubernetes.default.svc.cluster.local: set the API server's --service-account-issuer/
  )
  t.notMatch(stdout, /create-open-id-connect-provider/)

  const fixOf = (document: object): string | undefined => evaluateTrust(question(document)).findings[0]?.fix
  t.equal(
    fixOf(policy(statement({ Action: 'sts:TagSession' }))),
    'add sts:AssumeRoleWithWebIdentity to the Action of statement 1'
  )
  t.match(
    fixOf(policy(statement({ Effect: 'Deny', Condition: asks({ sub: 'x' }) }))),
    /^add a statement that allows/
  )
  const otherCluster = provider.replace('EXAMPLED', 'OTHERSSD')
  t.match(
    fixOf(policy(statement({ Principal: { Federated: otherCluster } }))),
    /^add a statement that allows .* for arn:/,
    'the statement of another cluster stays as it is'
  )
  t.match(
    fixOf(policy(statement({ Principal: { Federated: `${provider}/` } }))),
    /^write "Principal".* in statement 1/
  )
  t.equal(
    fixOf(policy(statement({ Condition: asks({ aud: 'sts.amazonaws.com ' }) }))),
    'replace "sts.amazonaws.com " with "sts.amazonaws.com" in that condition'
  )
  t.match(
    evaluateTrust(question(policy(statement({ Principal: { Federated: `${provider},${otherCluster}` } }))))
      .findings,
    [{ rule: 'trust-provider-mismatch', message: /it contains several ARNs; write them as a list/ }]
  )
})

t.test('the most likely fix comes first', async (t) => {
  t.match(
    (await check('account-with-another-name/manifests.yaml')).stdout,
    /fix {5}name the service account cluster-autoscaler \(in many charts: serviceAccount.name\), or add/
  )
  t.match(
    (await check('account-with-another-name/namespace.yaml', 'account-with-another-name/namespace.json'))
      .stdout,
    /fix {5}install the service account in namespace kube-system, or add/
  )
  const fixFor = (sub: unknown): string | undefined =>
    evaluateTrust(question(policy(statement({ Condition: asks({ sub }) })))).findings[0]?.fix
  t.match(
    fixFor('system:serviceaccount:shop:carf'),
    /^if "[^"]+:carf" is a typo, replace it with "[^"]+:cart"; otherwise, add/
  )
  t.match(
    fixFor('system:serviceaccount:billing:invoices'),
    /^add "system:serviceaccount:shop:cart" to that condition/
  )
  t.match(fixFor('shop:cart'), /^replace "shop:cart" with "system:serviceaccount:shop:cart"/)
})

t.test('a role for EKS Pod Identity causes a warning that names both fixes', async (t) => {
  const forPods = {
    Effect: 'Allow',
    Principal: { Service: 'pods.eks.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:TagSession']
  }
  const directory = t.testdir()
  const iam = (document: object): string => {
    const file = `${directory}/iam.json`
    const snapshot = {
      apiVersion: 'irsa-guard.io/v1',
      kind: 'IamSnapshot',
      accounts: [account],
      issuer,
      roles: [{ arn: `arn:aws:iam::${account}:role/r`, trustPolicy: document }],
      oidcProviders: []
    }
    writeFileSync(file, JSON.stringify(snapshot))
    return file
  }
  const manifest = JSON.stringify({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'cart',
      namespace: 'shop',
      annotations: { 'eks.amazonaws.com/role-arn': `arn:aws:iam::${account}:role/r` }
    }
  })
  const only = await runCli(['check', '-', '--iam', iam(policy(forPods))], manifest)
  t.match(only, {
    code: 0,
    stdout:
      /warn {3}.* trust-action-missing\n.*for EKS Pod Identity \(pods.eks.amazonaws.com\); but the role trusts EKS Pod Identity, so pods still get the role if .* association\n +fix {5}if the service account has an association, do nothing; otherwise, create one or, for IRSA, add a statement/
  })
  t.notMatch(only.stdout, /oidc-provider-missing/)
  const both = await runCli(
    [
      'check',
      '-',
      '--iam',
      iam(policy(forPods, statement({ Condition: asks({ sub: 'system:serviceaccount:a:b' }) })))
    ],
    manifest
  )
  t.match(
    both,
    { code: 1, stdout: /error {2}.* oidc-provider-missing\n[^]*warn {3}.* trust-subject-mismatch\n/ },
    'the other statement needs the provider'
  )
  const ec2 = policy({ ...forPods, Principal: { Service: 'ec2.amazonaws.com' } })
  t.match(await runCli(['check', '-', '--iam', iam(ec2)], manifest), {
    code: 1,
    stdout: /error {2}.* trust-action-missing\n/
  })
  t.match(
    await runCli(['check', '-', '--iam', iam(policy({ ...forPods, Action: 'sts:TagSession' }))], manifest),
    { code: 1, stdout: /error {2}.* trust-action-missing\n/ },
    'EKS Pod Identity cannot assume the role either'
  )
})

t.test('trust rejects a role ARN without its path, as check does', async (t) => {
  const args = ['trust', '--iam', 'examples/iam.json', '-n', 'shop', '--service-account', 'cart', '--role']
  t.match(await runCli([...args, `arn:aws:iam::${account}:role/cart`]), {
    code: 2,
    stdout: '',
    stderr:
      /role arn:aws:iam::111122223333:role\/cart does not exist; the ARN of role cart is arn:aws:iam::111122223333:role\/team\/cart \(role-path-mismatch\)/
  })
  t.match(await runCli([...args, `arn:aws:iam::${account}:role/team/cart`]), { code: 0 })
  t.ok(readFileSync('examples/iam.json', 'utf8').includes('role/team/cart'))
})
