import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { associationTexts, type NewAssociation } from '../../src/migration/association-text.js'
import { associationsIn } from '../../src/model/association-objects.js'
import { cluster, roleArn } from '../support/pod-identity.js'

const associations: readonly NewAssociation[] = [
  { cluster, namespace: 'shop', serviceAccount: 'cart', roleArn },
  { cluster, namespace: '1-shop', serviceAccount: 'cart.v2', roleArn },
  { cluster, namespace: '1', serviceAccount: 'shop-cart.v2', roleArn }
]
const expected = associations.map(({ namespace, serviceAccount }) => ({
  clusterName: 'prod',
  namespace,
  serviceAccount,
  roleArn,
  disableSessionTags: false
}))
const described = (document: unknown): object[] =>
  associationsIn(document).map(({ association }) => association)

t.test('what the tools read is the association', async (t) => {
  t.match(described(parse(associationTexts.eksctl(associations))), expected)
  t.match(described(parse(associationTexts.cloudformation(associations))), expected)
  t.match(
    parseAllDocuments(associationTexts.ack(associations)).flatMap((document) => described(document.toJS())),
    expected
  )
})

t.test('eksctl finds the cluster by its name and region', async (t) => {
  t.match(parse(associationTexts.eksctl(associations)), {
    apiVersion: 'eksctl.io/v1alpha5',
    kind: 'ClusterConfig',
    metadata: { name: 'prod', region: 'us-east-1' }
  })
})

t.test('names of resources are valid and differ', async (t) => {
  const { Resources } = parse(associationTexts.cloudformation(associations)) as { Resources: object }
  t.strictSame(Object.keys(Resources), [
    'ShopSlashCart',
    '1DashshopSlashCartDotv2',
    '1SlashShopDashcartDotv2'
  ])
  const labels = [...associationTexts.terraform(associations).matchAll(/^resource "\w+" "(.+)" \{$/gm)]
  t.strictSame(
    labels.map(([, label]) => label),
    ['shop_cart', '_1-shop_cart_v2', '_1_shop-cart_v2']
  )
})

t.test('the command and the Terraform resource', async (t) => {
  const first = associations.slice(0, 1)
  t.equal(
    associationTexts.aws(first),
    `aws eks create-pod-identity-association --region us-east-1 --cluster-name prod --namespace shop --service-account cart --role-arn ${roleArn}`
  )
  t.equal(
    associationTexts.terraform(first),
    `resource "aws_eks_pod_identity_association" "shop_cart" {
  cluster_name    = "prod"
  namespace       = "shop"
  service_account = "cart"
  role_arn        = "${roleArn}"
}`
  )
})

t.test('a role is one argument of a command, whatever its path', async (t) => {
  const odd = 'arn:aws:iam::111122223333:role/$(id)/x'
  t.match(
    associationTexts.aws([{ cluster, namespace: 'shop', serviceAccount: 'cart', roleArn: odd }]),
    / --role-arn 'arn:aws:iam::111122223333:role\/\$\(id\)\/x'$/
  )
})

// https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
t.test('Terraform does not interpolate the path of a role', async (t) => {
  const odd = 'arn:aws:iam::111122223333:role/${file("x")}/%{if true}/x'
  t.match(
    associationTexts.terraform([{ cluster, namespace: 'shop', serviceAccount: 'cart', roleArn: odd }]),
    /^ {2}role_arn {8}= "arn:aws:iam::111122223333:role\/\$\$\{file\(\\"x\\"\)\}\/%%\{if true\}\/x"$/m
  )
})
