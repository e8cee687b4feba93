import { KubeConfig } from '@kubernetes/client-node'
import t from 'tap'
import { chooseCluster } from '../../src/commands/support/cluster-arn.js'
import { parseConfig } from '../../src/config.js'
import { eksClusterOf } from '../../src/kube/eks-cluster.js'
import { type ClusterArn, parseClusterArn } from '../../src/model/cluster-arn.js'

const arn = 'arn:aws:eks:eu-west-1:111122223333:cluster/prod'
function clusterOf(text: string): ClusterArn {
  const cluster = parseClusterArn(text)
  if (cluster === undefined) throw new Error(text)
  return cluster
}
const named = clusterOf(arn)
const [test, other] = [
  clusterOf('arn:aws:eks:eu-west-1:111122223333:cluster/test'),
  clusterOf('arn:aws:eks:eu-west-1:444455556666:cluster/prod')
]

const configOf = (name: string, exec: unknown): KubeConfig => {
  const config = new KubeConfig()
  config.loadFromString(
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'alias' },
      clusters: [{ name, cluster: { server: 'https://x.eks.amazonaws.com' } }],
      users: [{ name, user: exec === undefined ? { token: 'x' } : { exec } }],
      contexts: [{ name: 'alias', context: { cluster: name, user: name } }]
    })
  )
  return config
}
const args = ['--region', 'eu-west-1', 'eks', 'get-token', '--cluster-name', 'prod', '--output', 'json']
const exec = (more: readonly string[] = args, command = 'aws'): object => ({
  ...{ apiVersion: 'client.authentication.k8s.io/v1beta1', command, args: more }
})

t.test('a kubeconfig names the cluster only as aws eks update-kubeconfig writes it', async (t) => {
  const replaced = (from: string, to: string): string[] => args.map((word) => (word === from ? to : word))
  const table: readonly (readonly [string, string, unknown, string | undefined])[] = [
    ['as it is written', arn, exec(), arn],
    ['with the path of the command', arn, exec(args, '/usr/local/bin/aws'), arn],
    ['without a region', arn, exec(args.slice(2)), arn],
    ['another name', 'prod', exec(), undefined],
    ['another user', arn, undefined, undefined],
    ['another command', arn, exec(args, 'aws-iam-authenticator'), undefined],
    ['another cluster', arn, exec(replaced('prod', 'test')), undefined],
    ['another region', arn, exec(replaced('eu-west-1', 'us-east-1')), undefined],
    ['another command of aws', arn, exec(replaced('get-token', 'describe-cluster')), undefined],
    ['no cluster', arn, exec(args.slice(0, 4)), undefined]
  ]
  for (const [name, cluster, user, expected] of table)
    t.equal(eksClusterOf(configOf(cluster, user))?.text, expected, name)
})

t.test('the cluster is chosen, and contradictions name both', async (t) => {
  const config = parseConfig(`eks: { clusterArn: '${arn}' }`, 'config.yaml', [])
  t.equal(chooseCluster(undefined, undefined, [], undefined), undefined)
  t.equal(chooseCluster(undefined, config, [], undefined)?.text, arn)
  t.equal(chooseCluster(test.text, config, [], undefined)?.text, test.text, 'the flag takes precedence')
  t.equal(chooseCluster(undefined, undefined, [named], undefined)?.text, arn)
  t.equal(chooseCluster(undefined, undefined, [], named)?.text, arn)
  t.equal(chooseCluster(undefined, undefined, [test, named], named)?.text, arn)
  t.equal(chooseCluster(arn, undefined, [test, named], named)?.text, arn)
  const wrong: readonly (readonly [...Parameters<typeof chooseCluster>, RegExp])[] = [
    [arn, undefined, [other], undefined, /--cluster-arn names .*1111\S+, but the IAM file names .*4444/],
    [arn, undefined, [], other, /--cluster-arn names .*1111\S+, but the kubeconfig names .*4444/],
    [
      undefined,
      config,
      [],
      test,
      /eks.clusterArn in the configuration names .*prod, but the kubeconfig names .*test;/
    ],
    [undefined, undefined, [other], named, /the kubeconfig names .*1111\S+, but the IAM file names .*4444/],
    [
      undefined,
      undefined,
      [named, other],
      undefined,
      /the IAM files name 2 clusters: .*1111.*, .*4444.*; choose one/
    ],
    ['prod', undefined, [], undefined, /--cluster-arn is "prod"/]
  ]
  for (const [flag, file, inFiles, inKubeconfig, message] of wrong)
    t.throws(() => chooseCluster(flag, file, inFiles, inKubeconfig), { code: 'ERR_USAGE', message })
})
