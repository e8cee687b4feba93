import t from 'tap'
import { explainError } from '../../src/explain/explain.js'
import { valuesIn } from '../../src/explain/values.js'
import { rules } from '../../src/rules/index.js'
import { examples } from './examples.js'

const issuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'

t.test('finds what the error is about', async (t) => {
  const [cloudTrail = ''] = examples['cloudtrail-web-identity-denied'] ?? []
  t.strictSame(valuesIn(cloudTrail.replaceAll('/', '\\/')), {
    role: 'arn:aws:iam::111122223333:role/team/cart',
    serviceAccount: { namespace: 'shop', name: 'cart' },
    issuer: 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'
  })
  t.strictSame(valuesIn(examples['node-may-not-ask-eks']?.[0] ?? ''), {
    clusterArn: 'arn:aws:eks:us-west-2:111122223333:cluster/prod',
    caller: 'eks-node',
    instance: 'i-0bfc4291dd0acd279',
    action: 'eks-auth:AssumeRoleForPodIdentity',
    resource: 'arn:aws:eks:us-west-2:111122223333:cluster/prod'
  })
  t.match(valuesIn(examples['permission-missing']?.[0] ?? ''), {
    caller: 'cart',
    instance: undefined,
    action: 'dynamodb:GetItem',
    resource: 'arn:aws:dynamodb:us-east-1:111122223333:table/carts'
  })
  t.strictSame(valuesIn(examples['service-account-not-found']?.[0] ?? ''), {
    serviceAccount: { namespace: 'shop', name: 'cart' }
  })
  t.match(valuesIn(examples['webhook-ca-unknown']?.[0] ?? ''), {
    webhook: 'pod-identity-webhook.amazonaws.com'
  })
  t.match(valuesIn(examples['sts-refuses-token']?.[0] ?? ''), {
    requestId: '5c3f9ce5-ba7d-495e-98b1-ffcd5cf85133'
  })
  t.match(valuesIn('role arn:aws:iam::111122223333:role/team/cart.'), {
    role: 'arn:aws:iam::111122223333:role/team/cart'
  })
})

t.test('takes no value where it could be another one', async (t) => {
  const roles = (...names: string[]): string =>
    names.map((name) => `arn:aws:iam::111122223333:role/${name}`).join(' and ')
  t.match(valuesIn(roles('cart', 'cart')), { role: 'arn:aws:iam::111122223333:role/cart' }, 'the same one')
  t.strictSame(valuesIn(roles('cart', 'mail')), {})
  t.strictSame(valuesIn('system:serviceaccount:shop:cart system:serviceaccount:shop:mail'), {})
  t.strictSame(valuesIn('system:serviceaccount:shop:cart system:serviceaccount:pay:cart'), {})
  t.strictSame(valuesIn('system:serviceaccount:-:cart system:serviceaccount:shop:-'), {}, 'no such names')
  t.strictSame(valuesIn('arn:aws:eks:us-west-2:111122223333:cluster/_'), {}, 'no such cluster')
  t.strictSame(valuesIn('arn:aws:iam::111122223333:role//'), {}, 'no such role')
  t.strictSame(valuesIn('on resource: arn:aws:s3:::a\u001b[31m'), { resource: 'arn:aws:s3:::a' }, 'printable')
})

t.test('asks with these values', async (t) => {
  const commandsOf = (input: string): string[] => [
    ...new Set(explainError(input, rules).texts.flatMap(({ causes }) => causes.map(({ command }) => command)))
  ]
  const [cloudTrail = ''] = examples['cloudtrail-web-identity-denied'] ?? []
  t.strictSame(commandsOf(cloudTrail), [
    `irsa-guard trust --service-account shop/cart --role arn:aws:iam::111122223333:role/team/cart --aws --issuer ${issuer}`,
    'irsa-guard diagnose sa/cart -n shop'
  ])
  t.strictSame(commandsOf('Not authorized to perform sts:AssumeRoleWithWebIdentity'), [
    'irsa-guard trust --service-account NAMESPACE/NAME --role ROLE_ARN --aws --issuer ISSUER',
    'irsa-guard diagnose pod/POD -n NAMESPACE'
  ])
  const call = (resource: string): string =>
    `arn:aws:sts::111122223333:assumed-role/cart/s is not authorized to perform: s3:GetObject on resource: "${resource}"`
  t.match(commandsOf(call('arn:aws:s3:::carts/*')), [
    "irsa-guard diagnose pod/POD -n NAMESPACE --action s3:GetObject --resource 'arn:aws:s3:::carts/*'"
  ])
  t.match(
    commandsOf(call('arn:aws:s3:::carts/$(reboot)')),
    [/--resource 'arn:aws:s3:::carts\/\$\(reboot\)'$/],
    'quoted'
  )
  t.match(commandsOf('Unauthorized Exception! EKS does not have permissions to assume the associated role'), [
    'irsa-guard trust --service-account NAMESPACE/NAME --role ROLE_ARN --aws --cluster-arn CLUSTER_ARN'
  ])
})
