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

/** A policy for one subject, as it should be. */
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

t.test('an EKS issuer that was typed with a slash is the same issuer', async (t) => {
  const account = ['-n', 'kube-system', '--service-account', 'karpenter', '--role', role]
  const file = `${field}/issuer-with-a-slash/policy.json`
  const right = readJson('issuer-with-a-slash/policy.json')
  for (const slashes of ['', '/', '//']) {
    const args = ['trust', '--policy', file, '--issuer', `${eks}${slashes}`, ...account]
    t.match(await run(args), { code: 0, stdout: /karpenter: allowed by statement 0\n$/ }, slashes)
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
      code: 1,
      stdout: /trust-provider-mismatch: .*with or without IPv6; only the issuer in the tokens \(iss\)/
    }
  )
})

t.test('the slash of an EKS issuer is dropped everywhere, that of another issuer nowhere', async (t) => {
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

t.test('the issuer with IPv6 addresses tells region and partition', async (t) => {
  const manifest = `${field}/dual-stack-issuer/manifests.yaml`
  const id = '/id/EXAMPLED539D4633E53DE1B71EXAMPLE'
  for (const [host, partition] of [
    ['oidc-eks.us-gov-west-1.api.aws', 'aws-us-gov'],
    ['oidc-eks.cn-northwest-1.api.amazonwebservices.com.cn', 'aws-cn'],
    ['oidc-eks.eusc-de-east-1.api.amazonwebservices.eu', 'aws-eusc']
  ] as const) {
    const ended = await run(['check', manifest, '--issuer', `https://${host}${id}`])
    t.match(ended, { code: 1, stdout: new RegExp(`error role-arn-partition-mismatch: .*${partition}`) }, host)
  }
  const same = await run(['check', manifest, '--issuer', `https://oidc-eks.eu-west-1.api.aws${id}`])
  t.match(same, { code: 0 })
  t.notMatch(same.stdout, 'role-arn-partition-mismatch')
})

t.test('a condition operator outside Condition is named, and put where it belongs', async (t) => {
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
      /app: invalid by statement 0\nerror trust-policy-invalid: .*\n {2}fix: move StringEquals into the Condition of the statement: "Condition": \{"StringEquals": \{…\}\}\n/
  })
  const fixed = await run([...args, '--fix'])
  t.equal(fixed.code, 0)
  t.strictSame(JSON.parse(fixed.stdout), policyFor(eks, 'system:serviceaccount:xl:app'))
})
