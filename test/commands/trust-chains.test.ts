// trust judges a policy for both chains: IRSA and EKS Pod Identity.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { eksAssociation, eksError, startFakeEks } from '../support/fake-eks.js'
import { type Ended, runCli } from '../support/run-cli.js'

const { issuer, roles } = JSON.parse(readFileSync('examples/iam.json', 'utf8')) as {
  issuer: string
  roles: [{ trustPolicy: { Version: string; Statement: [object] } }]
}
const cluster = 'arn:aws:eks:us-east-1:111122223333:cluster/prod'
const role = 'arn:aws:iam::111122223333:role/team/cart'
const target = 'arn:aws:iam::444455556666:role/orders'

const irsa = roles[0].trustPolicy
const forPods = (conditions?: object): object => ({
  Effect: 'Allow',
  Principal: { Service: 'pods.eks.amazonaws.com' },
  Action: ['sts:AssumeRole', 'sts:TagSession'],
  ...(conditions && { Condition: { StringEquals: conditions } })
})
const tags = {
  'aws:SourceArn': cluster,
  'aws:RequestTag/kubernetes-namespace': 'shop',
  'aws:RequestTag/kubernetes-service-account': 'cart'
}
const policyOf = (...statements: object[]): object => ({ Version: '2012-10-17', Statement: statements })
const podIdentity = policyOf(forPods(tags))
const both = policyOf(irsa.Statement[0], forPods(tags))
const neither = policyOf({
  Effect: 'Allow',
  Principal: { Service: 'ec2.amazonaws.com' },
  Action: 'sts:AssumeRole'
})

/** Judges a policy for service account shop/cart. */
const trust = async (policy: object, ...more: readonly string[]): Promise<Ended> =>
  runCli(
    ['trust', '--policy', '-', '--role', role, '--service-account', 'shop/cart', ...more],
    JSON.stringify(policy)
  )
const askIrsa = ['--issuer', issuer]
const askPodIdentity = ['--cluster-arn', cluster]

/** What was judged, as the text names it, the verdicts, and the exit code. */
const judgedIn = ({ code, stdout }: Ended): readonly (string | number)[] => [
  ...[...stdout.matchAll(/^[✓✗!?] (\w+) .*\n {2}chain {4}(IRSA|EKS Pod Identity), /gm)].flatMap(
    ([, verdict = '', chain = '']) => [chain, verdict]
  ),
  code
]

t.test('the options say which chains are judged, and a finding about any of them counts', async (t) => {
  const table: readonly (readonly [object, readonly string[], readonly (string | number)[]])[] = [
    [irsa, askIrsa, ['IRSA', 'allowed', 0]],
    [irsa, askPodIdentity, ['EKS Pod Identity', 'denied', 1]],
    [podIdentity, askPodIdentity, ['EKS Pod Identity', 'allowed', 0]],
    [podIdentity, askIrsa, ['IRSA', 'denied', 0]],
    [both, [...askPodIdentity, ...askIrsa], ['IRSA', 'allowed', 'EKS Pod Identity', 'allowed', 0]],
    [irsa, [...askPodIdentity, ...askIrsa], ['IRSA', 'allowed', 'EKS Pod Identity', 'denied', 1]],
    [neither, [...askPodIdentity, ...askIrsa], ['IRSA', 'denied', 'EKS Pod Identity', 'denied', 1]],
    [
      neither,
      [...askPodIdentity, ...askIrsa, '--fail-on', 'never'],
      ['IRSA', 'denied', 'EKS Pod Identity', 'denied', 0]
    ],
    [podIdentity, [...askPodIdentity, '--iam', 'examples/iam.json'], ['EKS Pod Identity', 'allowed', 0]]
  ]
  for (const [policy, options, expected] of table)
    t.strictSame(judgedIn(await trust(policy, ...options)), expected, options.join(' '))
})

t.test(
  'without these options, the chain is judged that the service account uses with the role',
  async (t) => {
    const association = { clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart' }
    const directory = t.testdir(
      Object.fromEntries(
        Object.entries({
          both: { issuer, cluster: { name: 'prod', arn: cluster } },
          none: { issuer, cluster: { name: 'prod', arn: cluster }, associations: [] },
          one: {
            ...{ issuer, cluster: { name: 'prod', arn: cluster } },
            associations: [{ ...association, roleArn: role }]
          },
          otherRole: {
            ...{ issuer, cluster: { name: 'prod', arn: cluster } },
            associations: [{ ...association, roleArn: `${role}-2` }]
          },
          clusterOnly: { cluster: { name: 'prod', arn: cluster } }
        }).map(([name, content]) => [
          `${name}.json`,
          JSON.stringify({ apiVersion: 'irsa-guard.io/v1', kind: 'IamSnapshot', accounts: [], ...content })
        ])
      )
    )
    const table: readonly (readonly [object, string, readonly string[], readonly (string | number)[]])[] = [
      [irsa, 'both', [], ['IRSA', 'allowed', 0]],
      [irsa, 'none', [], ['IRSA', 'allowed', 0]],
      [podIdentity, 'one', [], ['EKS Pod Identity', 'allowed', 0]],
      [podIdentity, 'one', askIrsa, ['IRSA', 'denied', 'EKS Pod Identity', 'allowed', 0]],
      [irsa, 'otherRole', [], ['IRSA', 'allowed', 0]],
      [podIdentity, 'clusterOnly', [], ['EKS Pod Identity', 'allowed', 0]],
      [podIdentity, 'none', ['--no-session-tags'], ['EKS Pod Identity', 'denied', 1]]
    ]
    for (const [policy, file, options, expected] of table)
      t.strictSame(
        judgedIn(await trust(policy, '--iam', `${directory}/${file}.json`, ...options)),
        expected,
        [file, ...options].join(' ')
      )
  }
)

t.test('JSON keeps the keys of IRSA, and has podIdentity beside them', async (t) => {
  const keys = async (policy: object, ...options: string[]): Promise<unknown> =>
    JSON.parse((await trust(policy, '-o', 'json', ...options)).stdout)
  const allowed = { verdict: 'allowed', overPermissive: false, statement: 0, dependsOn: [], findings: [] }
  t.strictSame(await keys(both, ...askIrsa), allowed)
  t.strictSame(await keys(podIdentity, ...askPodIdentity), { ...allowed, chain: 'pod-identity' })
  t.strictSame(await keys(both, ...askIrsa, ...askPodIdentity), {
    ...allowed,
    podIdentity: { ...allowed, statement: 1 }
  })
  t.match(await keys(irsa, ...askIrsa, ...askPodIdentity), {
    verdict: 'allowed',
    podIdentity: {
      verdict: 'denied',
      findings: [{ rule: 'pod-identity-principal-missing', severity: 'error' }],
      suggested: { Statement: [{}, {}] }
    }
  })
})

t.test('--fix prints a policy for the chains that were asked about', async (t) => {
  const asked = [...askIrsa, ...askPodIdentity]
  for (const policy of [irsa, podIdentity, neither, both]) {
    const { code, stdout, stderr } = await trust(policy, ...asked, '--fix')
    t.strictSame([code, stderr], [0, ''])
    const fixed = JSON.parse(stdout) as object
    t.strictSame(judgedIn(await trust(fixed, ...asked, '--fail-on', 'info')), [
      'IRSA',
      'allowed',
      'EKS Pod Identity',
      'allowed',
      0
    ])
    t.strictSame((await trust(fixed, ...asked, '--fix')).stdout, stdout, 'a second run changes nothing')
  }
  const one = await trust(irsa, ...askPodIdentity, '--fix')
  t.strictSame(judgedIn(await trust(JSON.parse(one.stdout) as object, ...askPodIdentity)), [
    'EKS Pod Identity',
    'allowed',
    0
  ])
  t.strictSame(JSON.parse((await trust(irsa, ...askIrsa, '--fix')).stdout), irsa)

  const denies = { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:TagSession' }
  t.match(
    await trust(policyOf(irsa.Statement[0], denies), ...asked, '--fix'),
    {
      code: 1,
      stdout: '',
      stderr:
        /^irsa-guard: no policy printed: .*\n✓ allowed .*\n {2}chain {4}IRSA, .*\n\n {2}by {7}statement 1\n[^]*\n✗ denied {3}STS refuses service account shop\/cart .*\n {2}chain {4}EKS Pod Identity, /
    },
    'a policy for one chain only is not printed'
  )
})

t.test('session tags and target roles', async (t) => {
  const assume = (externalId: string): object => ({
    Effect: 'Allow',
    Principal: { AWS: role },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': externalId } }
  })
  const tag = { Effect: 'Allow', Principal: { AWS: role }, Action: 'sts:TagSession' }
  const right = policyOf(assume('us-east-1/111122223333/prod/shop/cart'), tag)
  const other = policyOf(assume('other'), tag)
  const directory = t.testdir({
    'iam.json': JSON.stringify({
      ...{ apiVersion: 'irsa-guard.io/v1', kind: 'IamSnapshot', accounts: [] },
      cluster: { name: 'prod', arn: cluster },
      associations: [
        {
          ...{ clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart', roleArn: role },
          ...{ targetRoleArn: target, externalId: 'other', disableSessionTags: true }
        }
      ]
    })
  })
  const judge = async (policy: object, of: string, ...options: string[]): Promise<unknown> => {
    const args = ['trust', '--policy', '-', '--role', of, '--service-account', 'shop/cart', ...options]
    const [, verdict] = judgedIn(await runCli(args, JSON.stringify(policy)))
    return verdict
  }
  const iam = ['--iam', `${directory}/iam.json`]
  const first = ['--first-role', role]

  t.equal(await judge(podIdentity, role, ...askPodIdentity), 'allowed')
  t.equal(await judge(podIdentity, role, ...askPodIdentity, '--no-session-tags'), 'denied')
  t.equal(await judge(podIdentity, role, ...iam), 'denied', 'the association disables them')
  t.equal(await judge(right, target, ...askPodIdentity, ...first, '--no-session-tags'), 'allowed')
  t.equal(await judge(other, target, ...askPodIdentity, ...first, '--no-session-tags'), 'denied')
  t.equal(
    await judge(other, target, ...askPodIdentity, ...first, '--no-session-tags', '--external-id', 'other'),
    'allowed'
  )
  t.equal(await judge(other, target, ...iam), 'allowed', 'the association names the target role')
  t.equal(await judge(other, target, ...iam, '--external-id', 'another'), 'denied')
  t.match(
    (await trust(podIdentity, ...iam)).stdout,
    `EKS Pod Identity, cluster ${cluster}, without session tags\n`
  )
  t.match(
    (await trust(podIdentity, ...askPodIdentity, ...first)).stdout,
    `EKS Pod Identity, cluster ${cluster}, target role of ${role}\n`
  )
})

t.test('options that do not fit together are rejected', async (t) => {
  const table: readonly (readonly [readonly string[], RegExp])[] = [
    [
      [],
      /^irsa-guard: neither the issuer nor the ARN of the cluster is known; pass --issuer \(IRSA\) or --cluster-arn \(EKS Pod Identity\), or name one of them in the IAM file\n$/
    ],
    [
      ['--no-session-tags', ...askIrsa],
      /^irsa-guard: --no-session-tags is about EKS Pod Identity, but the cluster is not known; pass --cluster-arn, or name the cluster in the IAM file\n$/
    ],
    [['--first-role', role], /--first-role is about EKS Pod Identity/],
    [['--external-id', 'x'], /--external-id is about EKS Pod Identity/],
    [
      [...askPodIdentity, '--external-id', 'x'],
      /--external-id is for a target role; use --first-role to pass the role that assumes it/
    ],
    [
      [...askPodIdentity, '--first-role', 'x'],
      /--first-role is "x"; expected arn:aws:iam::<12-digit-account>/
    ],
    [
      [...askPodIdentity, '--first-role', role, '--external-id', ''],
      /--external-id is ""; expected the external ID of the association/
    ],
    [
      [...askPodIdentity, '--first-role', target],
      /role arn:aws:iam::444455556666:role\/orders is in AWS account 444455556666 \(aws\); the role of an association has to be in the account of the cluster, 111122223333 \(aws\); use --first-role to pass the association's own role/
    ],
    [
      [...askPodIdentity, '--role', target],
      /is in AWS account 444455556666 .*; if it is the target role of an association, use --first-role to pass the role that assumes it/
    ],
    [
      [...askPodIdentity, '--role', role.replace('arn:aws:', 'arn:aws-cn:')],
      /is in AWS account 111122223333 \(aws-cn\); .* 111122223333 \(aws\)/
    ],
    [['--cluster-arn', 'prod'], /--cluster-arn is "prod"; expected an ARN/]
  ]
  for (const [options, stderr] of table)
    t.match(await trust(podIdentity, ...options), { code: 2, stdout: '', stderr }, options.join(' '))
})

t.test('--aws reads the association from EKS, and reports what it could not read', async (t) => {
  let answers = true
  const eks = await startFakeEks(() => (answers ? undefined : eksError(403, 'AccessDeniedException')))
  t.teardown(async () => eks.close())
  eks.associations.set(
    'a-1',
    eksAssociation('a-1', 'cart', {
      associationArn: 'arn:aws:eks:us-east-1:111122223333:podidentityassociation/prod/a-1',
      roleArn: role,
      disableSessionTags: true
    })
  )
  const ask = async (): Promise<Ended> =>
    runCli(
      [
        ...['trust', '--policy', '-', '--role', role, '--service-account', 'shop/cart'],
        ...['--aws', ...askPodIdentity]
      ],
      JSON.stringify(podIdentity),
      {
        AWS_ENDPOINT_URL: eks.url,
        AWS_ACCESS_KEY_ID: 'AKIAOWN',
        AWS_SECRET_ACCESS_KEY: 's',
        HOME: '/nonexistent'
      }
    )
  t.match(await ask(), { code: 1, stdout: /^✗ denied .*\n.*without session tags\n/, stderr: '' })
  answers = false
  t.match(await ask(), {
    code: 0,
    stdout: /^✓ allowed /,
    stderr:
      /^irsa-guard: --aws: the association of the service account could not be read \(.*\); its session tags are assumed to be enabled \(pass --no-session-tags if they are not\)\n$/
  })
})
