import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import t from 'tap'
import { scan, type ScanCommandOptions } from '../../src/commands/scan.js'
import type { ScanReport, Unused } from '../../src/output/scan-report.js'
import { makeCertificate } from '../support/certificate.ts'
import { eksAssociation, startFakeEks } from '../support/fake-eks.js'
import { errorReply, identityReply, rolesReply, startFakeIam } from '../support/fake-iam.js'
import { runCli } from '../support/run-cli.js'
import { asks, issuer, policy, provider, statement } from '../support/trust.js'

const directory = t.testdir({})

/** A user that gets tokens for a cluster as `aws eks update-kubeconfig` writes it. */
const userOf = (cluster: string): object => ({
  exec: {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: `${directory}/aws`,
    args: ['eks', 'get-token', '--cluster-name', cluster],
    interactiveMode: 'Never'
  }
})
writeFileSync(
  `${directory}/aws`,
  `#!/bin/sh\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'\n`,
  { mode: 0o755 }
)

/**
 * A kubeconfig of an API server that answers with these objects by the end of the path. It closes the connection
 * for `reset`, and for any other request it answers with an empty list. `clusters` are the
 * names of the contexts' clusters, which are all at this server.
 */
async function apiServerWith(
  collections: Readonly<Record<string, readonly object[] | { readonly issuer: string } | 'reset' | 'pages'>>,
  clusters: Readonly<Record<string, string>> = { prod: 'c' }
): Promise<string> {
  const { certificate, key } = makeCertificate('127.0.0.1')
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://127.0.0.1')
    const items = collections[pathname.split('/').at(-1) ?? ''] ?? []
    if (items === 'reset' || searchParams.get('continue') !== null) {
      request.socket.destroy()
      return
    }
    const page =
      items === 'pages'
        ? { metadata: { continue: 'next' }, items: [pod] }
        : Array.isArray(items)
          ? { items }
          : (items as object)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ kind: 'List', apiVersion: 'v1', ...page }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const file = `${directory}/${(server.address() as AddressInfo).port}` // it listens on TCP
  writeFileSync(
    file,
    JSON.stringify({
      clusters: Object.values(clusters).map((name) => ({
        name,
        cluster: {
          server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
          'certificate-authority-data': Buffer.from(certificate).toString('base64')
        }
      })),
      users: Object.keys(clusters).map((name) => ({ name, user: userOf(name) })),
      contexts: Object.entries(clusters).map(([name, cluster]) => ({
        name,
        context: { cluster, user: name }
      })),
      'current-context': 'prod'
    })
  )

  return file
}

const account = {
  metadata: {
    name: 'cart',
    namespace: 'shop',
    uid: 'u',
    annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:policy/cart' }
  }
}
const pod = {
  metadata: { name: 'cart', namespace: 'shop', uid: 'p' },
  spec: { serviceAccountName: 'cart', containers: [{ name: 'app' }] }
}

async function run(
  kubeconfig: string,
  options: Partial<ScanCommandOptions> = {},
  signal?: AbortSignal
): Promise<{ code: number; stdout: string; stderr: string }> {
  const printed = { stdout: '', stderr: '' }
  const terminal = {
    stdin: Readable.from([]),
    stdout: (text: string) => (printed.stdout += text),
    stderr: (text: string) => (printed.stderr += text)
  }
  const code = await scan([], { kubeconfig, iam: [], failOn: 'error', ...options }, terminal, {}, signal)

  return { code, ...printed }
}

t.test('an API server that goes away half-way', async (t) => {
  const kubeconfig = await apiServerWith({ serviceaccounts: [account], pods: 'pages', jobs: 'reset' })
  const { code, stdout, stderr } = await run(kubeconfig, { unused: true })
  t.equal(code, 2)
  t.match(stderr, /^irsa-guard: context prod: jobs could not be read \(.+\), and 1 more\n$/)
  t.match(stdout, /^prod · 1 service account: 0 IRSA, Pod Identity unknown · 1 pod\n/)
  t.match(stdout, /^✗ 1 account {2}the annotation is the ARN of a policy/m)
  t.match(stdout, /^ {2}not checked +jobs could not be read \(.+\)\n +pods could not be read \(.+\)$/m)
  t.match(stdout, /service accounts that nothing uses: unknown/)

  const baseline = `${directory}/baseline.json`
  const whole = await apiServerWith({ serviceaccounts: [account], pods: [pod] })
  t.match(await run(whole, { output: [{ format: 'json', file: baseline }] }), { code: 1, stderr: '' })
  const without = await apiServerWith({ serviceaccounts: 'reset', pods: [pod] })
  t.match(await run(without, { baseline }), { stdout: /\+0 new, −0 gone/ }, 'what was not read is not gone')
  t.match(await run(await apiServerWith({ pods: [pod] }), { baseline }), { stdout: /\+0 new, −2 gone/ })
})

t.test('an interrupt before the cluster is judged', async (t) => {
  const kubeconfig = await apiServerWith({ serviceaccounts: [account], pods: [pod] })
  const { code, stdout, stderr } = await run(kubeconfig, {}, AbortSignal.abort())
  t.equal(code, 130)
  t.equal(stdout, '')
  t.equal(stderr, '')
})

t.test('counts the service accounts of both chains', async (t) => {
  const role = 'arn:aws:iam::111122223333:role/cart'
  const arn = 'arn:aws:eks:us-east-1:111122223333:cluster/prod'
  const iam = `${directory}/iam.json`
  writeFileSync(
    iam,
    JSON.stringify({
      apiVersion: 'irsa-guard.io/v1',
      kind: 'IamSnapshot',
      accounts: [],
      roles: [],
      cluster: { name: 'prod', arn },
      associations: [{ clusterName: 'prod', namespace: 'shop', serviceAccount: 'web', roleArn: role }]
    })
  )
  const accountOf = (name: string, annotations: object): object => ({
    metadata: { name, namespace: 'shop', uid: name, annotations }
  })
  const serviceaccounts = [
    accountOf('web', {}),
    accountOf('cart', { 'eks.amazonaws.com/role-arn': role }),
    accountOf('none', {})
  ]
  const { stdout } = await run(await apiServerWith({ serviceaccounts, pods: [pod] }), {
    iam: [iam],
    unused: true
  })
  t.match(stdout, /^prod · 3 service accounts: 1 IRSA, 1 Pod Identity · 1 pod\n/)
  t.match(stdout, /no workload uses: 1\n {4}shop\/web {2}arn:aws:iam::111122223333:role\/cart\n/)
  t.match(stdout, /roles that nothing uses: unknown/, 'the issuer is not known')
})

t.test('roles that nothing uses, of IAM and EKS, in two clusters', async (t) => {
  const arnOf = (name: string): string => `arn:aws:iam::111122223333:role/${name}`
  const clusterArn = (name: string): string => `arn:aws:eks:us-east-1:111122223333:cluster/${name}`
  const pods = (Condition?: object): object =>
    policy({
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      ...(Condition && { Condition })
    })
  const iam = await startFakeIam(({ action, parameters }) => {
    if (action === 'GetCallerIdentity') return identityReply('111122223333')
    if (action !== 'ListRoles') return errorReply(403, 'AccessDenied')

    return parameters.get('Marker') === null
      ? rolesReply([{ arn: arnOf('mail'), trustPolicy: pods() }], 'next')
      : rolesReply([
          { arn: arnOf('any'), trustPolicy: pods() },
          {
            arn: arnOf('prod-only'),
            trustPolicy: pods({ ArnEquals: { 'aws:SourceArn': clusterArn('prod') } })
          },
          {
            arn: arnOf('old'),
            trustPolicy: policy(
              statement({
                Principal: { Federated: provider },
                Condition: asks({ sub: 'system:serviceaccount:shop:gone' })
              })
            )
          }
        ])
  })
  const eks = await startFakeEks(({ cluster, operation }) =>
    cluster === 'prod' && operation === 'ListPodIdentityAssociations'
      ? { body: { associations: [] } }
      : undefined
  )
  eks.associations.set(
    'a-1',
    eksAssociation('a-1', 'mail', {
      clusterName: 'dev',
      associationArn: 'arn:aws:eks:us-east-1:111122223333:podidentityassociation/dev/a-1'
    })
  )
  t.teardown(async () => Promise.all([iam.close(), eks.close()]))
  const kubeconfig = await apiServerWith(
    {
      serviceaccounts: [{ metadata: { name: 'mail', namespace: 'shop', uid: 'u' } }],
      'openid-configuration': { issuer }
    },
    { prod: clusterArn('prod'), dev: clusterArn('dev') }
  )
  const scanned = async (contexts: string): Promise<{ code: number; unused: Unused | undefined }> => {
    const { code, stdout, stderr } = await runCli(
      ['scan', '--unused', '--aws', '--kubeconfig', kubeconfig, '--context', contexts, '-o', 'json'],
      '',
      {
        HOME: directory,
        AWS_ENDPOINT_URL: iam.url,
        AWS_ENDPOINT_URL_EKS: eks.url,
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 's',
        AWS_REGION: 'us-east-1'
      }
    )
    t.equal(stderr, '')
    const { unused } = JSON.parse(stdout) as ScanReport

    return { code, unused }
  }
  const because = /^they trust EKS Pod Identity without naming this cluster/
  const one = await scanned('prod')
  t.match(one.unused?.roles, [
    { cluster: 'prod', arn: arnOf('prod-only') },
    { cluster: 'prod', arn: arnOf('old') }
  ])
  t.match(one.unused?.undetermined, [
    { arn: arnOf('mail'), because },
    { arn: arnOf('any'), because }
  ])
  const { unused } = await scanned('prod,dev')
  t.strictSame(
    unused?.undetermined?.map(({ cluster, arn }) => [cluster, arn]),
    [
      ['prod', arnOf('any')],
      ['dev', arnOf('any')]
    ],
    'a service account of the other cluster has role mail'
  )
  t.match(unused?.serviceAccounts, [{ cluster: 'dev', name: 'mail', role: arnOf('mail') }])
})

t.test('objects from files, and options that contradict each other', async (t) => {
  const printed = { stdout: '', stderr: '' }
  const terminal = {
    stdin: Readable.from([]),
    stdout: (text: string) => (printed.stdout += text),
    stderr: (text: string) => (printed.stderr += text)
  }
  const scanFiles = async (files: string[], options: Partial<ScanCommandOptions> = {}): Promise<number> =>
    scan(files, { iam: ['examples/iam.json'], failOn: 'error', ...options }, terminal, {
      HOME: directory
    })
  t.equal(await scanFiles(['examples/service-accounts.yaml']), 1)
  t.match(printed.stdout, /^3 service accounts: 2 IRSA/)
  t.equal(await scanFiles(['gone.yaml']), 2)
  t.equal(printed.stderr, 'irsa-guard: there is no file gone.yaml\n')

  for (const options of [
    { context: ['prod'] },
    { allContexts: true },
    { kubeconfig: 'a' },
    { namespace: 'a' },
    { selector: 'a' }
  ])
    await t.rejects(scanFiles(['examples'], options), {
      code: 'ERR_USAGE',
      message: /^files are given together/
    })
  await t.rejects(scanFiles([], { context: ['a'] }), { code: 'ERR_KUBECONFIG', message: /^no cluster found/ })
})

t.test('a finding that was not looked for is not gone', async (t) => {
  const kubeconfig = await apiServerWith({ serviceaccounts: [account], pods: [pod] })
  const goneOf = async (
    rule: string,
    object: object,
    options: Partial<ScanCommandOptions> = {},
    field?: string
  ): Promise<string | undefined> => {
    const baseline = `${directory}/earlier.json`
    const finding = {
      rule,
      severity: 'error',
      message: 'm',
      fingerprint: 'f',
      ...(field !== undefined && { field }),
      object: { apiVersion: 'v1', cluster: 'prod', ...object }
    }
    writeFileSync(
      baseline,
      JSON.stringify({ apiVersion: 'irsa-guard.io/v1', kind: 'Report', findings: [finding] })
    )
    const { stdout } = await run(kubeconfig, { baseline, ...options })

    return /−(\d+) gone/.exec(stdout)?.[1]
  }
  const cart = { kind: 'ServiceAccount', namespace: 'shop', name: 'cart' }
  t.equal(await goneOf('role-on-default-service-account', cart), '1')
  t.equal(await goneOf('pod-identity-role-missing', cart), '0', 'no associations were given')
  t.equal(await goneOf('role-annotation-missing', cart), '0', 'no roles were given')
  const inAnnotation = 'metadata.annotations["eks.amazonaws.com/role-arn"]'
  for (const rule of ['trust-policy-invalid', 'trust-explicit-deny', 'trust-depends-on-runtime']) {
    t.equal(await goneOf(rule, cart), '0', `${rule}: it may be about an association`)
    t.equal(await goneOf(rule, cart, {}, 'metadata.name'), '0', `${rule}: it is about an association`)
    t.equal(await goneOf(rule, cart, {}, inAnnotation), '1', `${rule}: it is about the annotation`)
  }
  const config = `${directory}/off.yaml`
  writeFileSync(config, 'rules:\n  role-on-default-service-account:\n    severity: off\n')
  t.equal(await goneOf('role-on-default-service-account', cart, { config }), '0', 'the rule is off')

  const files = `${directory}/files.json`
  const printed: string[] = []
  const terminal = {
    stdin: Readable.from([]),
    stdout: (text: string) => printed.push(text),
    stderr: () => undefined
  }
  const broken = `${directory}/broken.yaml`
  writeFileSync(broken, 'a: [')
  writeFileSync(files, JSON.stringify({ apiVersion: 'irsa-guard.io/v1', kind: 'Report', findings: [] }))
  const given = ['examples/service-accounts.yaml', broken]
  t.equal(await scan(given, { iam: [], failOn: 'error', baseline: files }, terminal, { HOME: directory }), 2)
  t.match(printed.join(''), /\+1 new/)
  t.notMatch(printed.join(''), /−\d/, 'a file could not be read')
})
