import { readFileSync } from 'node:fs'
import t from 'tap'
import { runCli as run } from '../support/run-cli.js'

const clusterArn = 'arn:aws:eks:us-east-1:111122223333:cluster/prod'
const plan = (...args: string[]): string[] => ['plan-migration', ...args, '--cluster-arn', clusterArn]
const offline = (...args: string[]): string[] =>
  plan('examples/service-accounts.yaml', '--iam', 'examples/iam.json', ...args)

t.test('plan-migration prints the plan of manifests, with commands to paste', async (t) => {
  const { code, stdout, stderr } = await run(offline())
  t.equal(code, 1, 'two cannot move')
  t.equal(stderr, '')
  t.match(stdout, /^3 service accounts in cluster prod: 1 can move, 2 cannot move, 0 moved, 0 unknown\n\n/)
  t.match(
    stdout,
    /^✓ shop\/cart: can move \(role .*\)\n {2}1\. .*\n {5}--- trust policy\n[^]*^ {5}\+ +"aws:SourceArn": .*\n[^]*^ {5}aws iam update-assume-role-policy --role-name cart --policy-document '\{.*\}'\n {2}2\. .*\n {5}aws eks create-pod-identity-association /m
  )
  t.match(stdout, /^✗ shop\/mail: cannot move .*\n {2}role-missing: .*\n {4}fix: /m)
  t.match(stdout, /^Notes:\n {2}- it is unknown whether the EKS Pod Identity Agent runs/m)

  const one = await run(offline('--service-account', 'shop/cart'))
  t.match(one, { code: 0, stdout: /^1 service account in cluster prod: 1 can move, / })
  t.match(await run(offline('--service-account', 'cart')), { code: 0, stdout: /^1 service account / })
  t.match(await run(offline('-n', 'other')), {
    code: 0,
    stdout: /^no matching service account in cluster prod has a role annotation\n$/
  })
  t.match(await run(offline('-n', 'shop')), { code: 1, stdout: /^3 service accounts/ })
})

t.test('marks and colors; -q shows only what cannot move', async (t) => {
  const { stdout } = await run(offline('--color', 'always', '--ascii'))
  t.match(stdout, /^\u001b\[32m\+\u001b\[39m shop\/cart: can move/m)
  t.match(stdout, /^\u001b\[31mx\u001b\[39m shop\/mail: cannot move/m)
  t.match(stdout, /^ {5}\u001b\[32m\+ +"aws:SourceArn": .*\u001b\[39m$/m)
  t.notMatch(stdout, /\u001b\[3\dm(?:\+\+\+|---)/)
  const quiet = await run(offline('-q'))
  t.match(quiet, { code: 1, stdout: /^3 service accounts [^]*\n✗ shop\/mail: [^]*\n✗ shop\/search: / })
  t.notMatch(quiet.stdout, /shop\/cart|Notes/)
})

t.test('the association comes in the form of a tool', async (t) => {
  const table = {
    eksctl: /kind: ClusterConfig/,
    cloudformation: /Type: AWS::EKS::PodIdentityAssociation/,
    terraform: /resource "aws_eks_pod_identity_association" "shop_cart" \{/,
    ack: /apiVersion: eks\.services\.k8s\.aws\/v1alpha1/
  }
  for (const [tool, text] of Object.entries(table)) {
    const { stdout } = await run(offline('--tool', tool))
    t.match(stdout, text)
    t.notMatch(stdout, /aws eks create-pod-identity-association/, tool)
  }
})

t.test('plan-migration -o json', async (t) => {
  const { stdout } = await run(offline('-o', 'json'))
  t.match(JSON.parse(stdout), {
    apiVersion: 'irsa-guard.io/v1',
    kind: 'MigrationPlan',
    cluster: clusterArn,
    tool: 'aws',
    accounts: [
      { namespace: 'shop', name: 'cart', state: 'can-move', steps: [{ step: 'trust-policy', document: {} }] },
      { name: 'mail', state: 'cannot-move', because: [{ rule: 'role-missing' }] },
      { name: 'search', state: 'cannot-move' }
    ],
    summary: { accounts: 3, canMove: 1, cannotMove: 2, moved: 0, unknown: 0 }
  })
})

t.test('service accounts that share a role show what changes once', async (t) => {
  const cart = readFileSync('examples/service-accounts.yaml', 'utf8').split('---')[0] ?? ''
  const { stdout } = await run(
    plan('-', '--iam', 'examples/iam.json'),
    `${cart}---\n${cart.replace('name: cart', 'name: web')}`
  )
  t.equal(stdout.match(/--- trust policy/g)?.length, 1)
  t.equal(stdout.match(/aws iam update-assume-role-policy/g)?.length, 2)
})

t.test('plan-migration says what it lacks', async (t) => {
  const table: readonly (readonly [string[], RegExp])[] = [
    [plan(), /^irsa-guard: no namespace given; pass -n NAMESPACE, or -A for the whole cluster\n$/],
    [plan('-A', '-n', 'shop'), /cannot be used with option/],
    [plan('-n', 'a b'), /^irsa-guard: --namespace is "a b"; expected/],
    [plan('--service-account', 'shop/cart', '-n', 'x'), /names the namespace "shop"; pass only one of them/],
    [
      plan('examples', '--context', 'prod'),
      /^irsa-guard: files are given together with --context or --kubeconfig; expected either files or a cluster\n$/
    ],
    [plan('-A'), /^irsa-guard: no cluster found/],
    [plan('gone.yaml'), /^irsa-guard: there is no file gone\.yaml\n$/],
    [
      ['plan-migration', 'examples/service-accounts.yaml'],
      /^irsa-guard: the EKS cluster is not known; pass the output of this command with --cluster-arn: aws eks describe-cluster /
    ],
    [plan('examples', '--tool', 'pulumi'), /Allowed choices are aws, eksctl, cloudformation, terraform, ack/]
  ]
  for (const [args, stderr] of table)
    t.match(await run(args, '', { HOME: t.testdirName }), { code: 2, stderr }, args.join(' '))
  const { code, stdout, stderr } = await run(plan('examples/service-accounts.yaml', '--aws'), '', {
    HOME: t.testdirName,
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true'
  })
  t.equal(code, 2)
  t.match(stdout, /3 service accounts in cluster prod: 0 can move, /)
  t.match(stderr, /^irsa-guard: --aws: /)
})
