import t from 'tap'
import type { AssociationSource } from '../../../src/facts/facts.js'
import { type ClusterArn, parseClusterArn } from '../../../src/model/cluster-arn.js'
import { nameOf, parseSubjects } from '../../../src/model/subject.js'
import { loadSnapshots } from '../../../src/sources/iam-file/snapshot.js'
import { buildObjectSources } from '../../../src/sources/objects/objects.js'

const prod = 'arn:aws:eks:eu-west-1:111122223333:cluster/prod'
const role = 'arn:aws:iam::111122223333:role/cart'
const ack = (spec: object): object => ({
  apiVersion: 'eks.services.k8s.aws/v1alpha1',
  kind: 'PodIdentityAssociation',
  metadata: { name: 'a', namespace: 'ack-system' },
  spec: { clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart', roleARN: role, ...spec }
})
const crossplane = (forProvider: object): object => ({
  apiVersion: 'eks.aws.upbound.io/v1beta1',
  kind: 'PodIdentityAssociation',
  metadata: { name: 'a' },
  spec: {
    forProvider: {
      clusterName: 'prod',
      namespace: 'shop',
      serviceAccount: 'cart',
      roleArn: role,
      ...forProvider
    }
  }
})
const conditional = {
  Resources: {
    Cart: {
      Type: 'AWS::EKS::PodIdentityAssociation',
      Condition: 'IsProd',
      Properties: { ClusterName: 'prod', Namespace: 'shop', ServiceAccount: 'cart', RoleArn: role }
    }
  }
}

const subjectsOf = (objects: readonly object[]): ReturnType<typeof parseSubjects> =>
  objects.flatMap((object) => parseSubjects(object, { stage: 'source' }))
const clusterOf = (text: string | undefined): ClusterArn | undefined =>
  text === undefined ? undefined : parseClusterArn(text)
const sourceOf = (
  objects: readonly object[],
  cluster: string | undefined,
  other?: AssociationSource
): AssociationSource | undefined =>
  buildObjectSources(subjectsOf(objects), objects).associationsWith(clusterOf(cluster), other)
const ask = { namespace: 'shop', deadline: new AbortController() }
const cart = { namespace: 'shop', name: 'cart' }

t.test('an association among the objects counts only for its cluster', async (t) => {
  const exists = { state: 'known', value: { exists: true } }
  const [exported, foreign] = ['arn:aws:iam::444455556666:role/cart', 'arn:aws:eks:us-east-1:111122223333']
  const table: readonly (readonly [string, readonly object[], string | undefined, object])[] = [
    ['of the known cluster', [ack({})], prod, exists],
    ['of another cluster', [ack({ clusterName: 'test' })], prod, { because: /only some .* are known/ }],
    ['of another region', [crossplane({ region: 'us-east-1' })], prod, { because: /only some/ }],
    ['of the same region', [crossplane({ region: 'eu-west-1' })], prod, exists],
    [
      'of a cluster of that name in another account',
      [ack({ roleARN: exported })],
      prod,
      { because: /only some/ }
    ],
    ['that tells no region', [ack({})], `${foreign}:cluster/prod`, exists],
    [
      'no cluster is known, and all name the same one',
      [ack({}), ack({ serviceAccount: 'mail' })],
      undefined,
      exists
    ],
    [
      'no cluster is known, and they name two',
      [ack({}), ack({ serviceAccount: 'mail', clusterName: 'test' })],
      undefined,
      {
        state: 'unknown',
        because: /the files contain .* of several clusters, such as "prod"; name the cluster/
      }
    ],
    [
      'no cluster is known, and they name one in two regions',
      [crossplane({ region: 'a' }), crossplane({ region: 'b', serviceAccount: 'mail' })],
      undefined,
      { state: 'unknown', because: /several clusters/ }
    ],
    [
      'of a cluster that it only refers to',
      [ack({ clusterName: undefined, clusterRef: {} })],
      prod,
      { state: 'unknown', because: /does not name its cluster/ }
    ],
    [
      'for a namespace that it computes',
      [ack({ namespace: null })],
      prod,
      { because: /not name its namespace/ }
    ],
    [
      'for an account that it computes',
      [ack({ serviceAccount: {} })],
      prod,
      { because: /not name its service account/ }
    ],
    ['for any account', [ack({ serviceAccount: {}, namespace: {} })], prod, { because: /may be for this/ }],
    ['if a condition holds', [conditional], prod, { because: /depends on a condition/ }]
  ]
  for (const [name, objects, cluster, expected] of table)
    t.match(await sourceOf(objects, cluster)?.findAssociation(cart, ask), expected, name)

  const refused = sourceOf([ack({}), ack({ roleARN: `${role}-2` })], prod)
  t.match(await refused?.findAssociation(cart, ask), { value: { exists: true } })
  t.strictSame(await refused?.readAssociation(cart, ask), {
    state: 'unknown',
    because:
      'the files contain different EKS Pod Identity associations of service account shop/cart, which can have only one: EKS refuses the second'
  })
  const others = [
    ack({ roleARN: `${role}-2`, clusterName: 'test' }),
    conditional,
    ack({ roleARN: undefined })
  ]
  const source = sourceOf([ack({}), crossplane({}), ...others], prod)
  t.match(await source?.readAssociation(cart, ask), { value: { roleArn: role, fromObject: true } })
  t.match(await source?.readAssociation({ namespace: 'shop', name: 'mail' }, ask), { state: 'moot' })
  t.equal(sourceOf([], prod), undefined, 'without associations, nothing changes')
})

t.test('the objects are never complete, but another source may be', async (t) => {
  const file = (...associations: object[]): AssociationSource | undefined =>
    loadSnapshots([
      {
        file: 'iam.json',
        content: {
          ...{ apiVersion: 'irsa-guard.io/v1', kind: 'IamSnapshot', cluster: { name: 'prod', arn: prod } },
          associations
        }
      }
    ]).associations
  const mail = { namespace: 'shop', name: 'mail' }
  const listed = { clusterName: 'prod', namespace: 'shop', serviceAccount: 'mail', roleArn: role }
  const [empty, full] = [sourceOf([ack({})], prod, file()), sourceOf([ack({})], prod, file(listed))]
  t.match(await empty?.findAssociation(mail, ask), { value: { exists: false } })
  t.match(await empty?.findAssociation(cart, ask), { value: { exists: true } }, 'the objects win')
  t.match(await full?.findAssociation(mail, ask), { value: { exists: true } })
  const fromFile = await full?.readAssociation(mail, ask)
  t.match(fromFile, { value: { roleArn: role } })
  t.notMatch(fromFile, { value: { fromObject: true } })

  const any = ack({ serviceAccount: {}, roleARN: undefined })
  t.match(
    await sourceOf([any], prod, file())?.findAssociation(mail, ask),
    { state: 'unknown' },
    'what may be for this account is stronger than a list without it'
  )
  t.match(await sourceOf([any], prod, file())?.readAssociation(mail, ask), { state: 'unknown' })
  t.match(await sourceOf([any], prod, file(listed))?.findAssociation(mail, ask), { value: { exists: true } })
  t.match(await sourceOf([any], prod, file(listed))?.readAssociation(mail, ask), { state: 'known' })
})

t.test('a document has a subject for each association', async (t) => {
  const [first, second] = subjectsOf([ack({}), ack({ serviceAccount: {} })])
  t.match(first, {
    ...{ kind: 'PodIdentityAssociation', stage: 'source', name: 'a', namespace: 'shop', path: 'spec' },
    association: { roleArn: role }
  })
  t.strictSame(first && nameOf(first), 'the association of service account shop/cart')
  t.strictSame(second && nameOf(second), 'the association a')
})
