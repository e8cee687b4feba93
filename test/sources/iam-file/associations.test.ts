import t from 'tap'
import type { AssociationSource } from '../../../src/facts/facts.js'
import { parseClusterArn } from '../../../src/model/cluster-arn.js'
import { loadSnapshots } from '../../../src/sources/iam-file/snapshot.js'

const head = { apiVersion: 'irsa-guard.io/v1', kind: 'IamSnapshot' }
const arnOf = (account: string): string => `arn:aws:eks:eu-west-1:${account}:cluster/prod`
const clusterOf = (account: string): object => ({ name: 'prod', arn: arnOf(account) })
const [mine, theirs] = ['111122223333', '444455556666']
const association = (account = mine, more: object = {}): object => ({
  clusterName: 'prod',
  namespace: 'shop',
  serviceAccount: 'cart',
  roleArn: `arn:aws:iam::${account}:role/cart`,
  ...more
})
const load = (contents: readonly unknown[], choose?: string): ReturnType<typeof loadSnapshots> =>
  loadSnapshots(
    contents.map((content, i) => ({ file: `${i}.json`, content })),
    choose === undefined ? undefined : () => parseClusterArn(choose)
  )
const ask = { namespace: 'shop', deadline: new AbortController() }
const find = (source: AssociationSource | undefined, name = 'cart'): unknown =>
  source?.findAssociation({ namespace: 'shop', name }, ask)
const read = (source: AssociationSource | undefined, name = 'cart'): unknown =>
  source?.readAssociation({ namespace: 'shop', name }, ask)

t.test('names file, field and value of what is wrong', async (t) => {
  const table: readonly (readonly [object, string])[] = [
    [{ cluster: 'prod' }, '0.json: cluster is "prod"; expected an object with name and arn'],
    [{ cluster: { arn: 'prod' } }, '0.json: cluster.arn is "prod"; expected the ARN of an EKS cluster'],
    [
      { cluster: { name: 'test', arn: arnOf(mine) } },
      '0.json: cluster.name is "test"; expected "prod", the name in cluster.arn'
    ],
    [{ associations: {} }, '0.json: associations is {}; expected a list'],
    [{ association: [] }, '0.json: association: unknown key; did you mean associations?'],
    [{ associations: [1] }, '0.json: associations[0] is 1; expected an object'],
    [
      { associations: [association(), association(mine, { rolArn: 'x' })] },
      '0.json: associations[1].rolArn: unknown key; did you mean roleArn?'
    ],
    [
      { associations: [association(mine, { clusterName: '' })] },
      '0.json: associations[0].clusterName is ""; expected the name of an EKS cluster'
    ],
    [
      { associations: [association(mine, { namespace: 'Shop' })] },
      '0.json: associations[0].namespace is "Shop"; expected the name of a namespace'
    ],
    [
      { associations: [association(mine, { serviceAccount: undefined })] },
      '0.json: associations[0].serviceAccount is undefined; expected the name of a service account'
    ],
    [
      { associations: [association(mine, { roleArn: 'cart' })] },
      '0.json: associations[0].roleArn is "cart"; expected the ARN of a role'
    ],
    [
      { associations: [association(mine, { targetRoleArn: 1 })] },
      '0.json: associations[0].targetRoleArn is 1; expected the ARN of a role'
    ],
    [
      { associations: [association(mine, { externalId: 1 })] },
      '0.json: associations[0].externalId is 1; expected a string'
    ],
    [
      { associations: [association(mine, { disableSessionTags: 'no' })] },
      '0.json: associations[0].disableSessionTags is "no"; expected true or false'
    ],
    [
      { associations: [association(mine, { policy: {} })] },
      '0.json: associations[0].policy is {}; expected a session policy as JSON text'
    ],
    [
      { associations: [association(), association(mine, { roleArn: `arn:aws:iam::${mine}:role/other` })] },
      '0.json: associations[1] is for service account shop/cart, as associations[0] is; expected at most one association per service account'
    ]
  ]
  for (const [content, message] of table)
    t.throws(() => load([{ ...head, ...content }]), { code: 'ERR_IAM_SNAPSHOT', message }, message)
})

t.test('null and empty text stand for what an association lacks', async (t) => {
  const nothing = { targetRoleArn: null, externalId: null, policy: null, disableSessionTags: null }
  for (const parts of [nothing, { externalId: '', policy: '' }])
    t.match(
      read(
        load([{ ...head, cluster: clusterOf(mine), associations: [association(mine, parts)] }]).associations
      ),
      {
        value: {
          ...{ targetRoleArn: undefined, externalId: undefined, policy: undefined },
          disableSessionTags: false
        }
      }
    )
})

t.test('a list is complete for the cluster that the file names', async (t) => {
  const more = { targetRoleArn: `arn:aws:iam::${theirs}:role/data`, externalId: 'x', policy: '{}' }
  const { associations, clusterArn } = load([
    {
      ...{ ...head, cluster: clusterOf(mine) },
      associations: [association(mine, { ...more, disableSessionTags: true, createdAt: '2026-11-01' })]
    }
  ])
  t.equal(clusterArn?.text, arnOf(mine))
  t.strictSame(find(associations), { state: 'known', value: { exists: true, since: undefined } })
  t.match(read(associations), {
    state: 'known',
    value: { ...association(), ...more, disableSessionTags: true }
  })
  t.strictSame(find(associations, 'mail'), { state: 'known', value: { exists: false } })
  t.match(read(associations, 'mail'), { state: 'moot' })

  t.match(find(load([{ ...head, cluster: clusterOf(mine), associations: [] }]).associations), {
    state: 'known',
    value: { exists: false }
  })
  t.equal(load([{ ...head, cluster: clusterOf(mine) }]).associations, undefined, 'most clusters have none')
  t.match(load([head]), { clusterArn: undefined, associations: undefined })
  t.match(
    find(load([{ ...head, associations: [] }], arnOf(mine)).associations),
    { state: 'unknown', because: /do not list all/ },
    'the list of a cluster that is not named is complete for none'
  )
})

t.test('files that contradict each other say nothing about the role', async (t) => {
  const file = (roleArn: string): object => ({
    ...{ ...head, cluster: clusterOf(mine) },
    associations: [association(mine, { roleArn: `arn:aws:iam::${mine}:role/${roleArn}` })]
  })
  for (const files of [
    [file('old'), file('new')],
    [file('new'), file('old')]
  ]) {
    const { associations } = load(files)
    t.match(find(associations), { value: { exists: true } })
    t.match(read(associations), { state: 'unknown', because: /contain different .* shop\/cart, which can/ })
  }
  t.match(read(load([file('new'), file('new')]).associations), { state: 'known' })
})

t.test('several files merge, and one name in two accounts is two clusters', async (t) => {
  const files = [
    { ...head, cluster: clusterOf(mine), associations: [association()] },
    { ...head, cluster: clusterOf(theirs), associations: [association(theirs)] },
    { ...head, cluster: clusterOf(mine), associations: [association(mine, { serviceAccount: 'mail' })] }
  ]
  const chosen = load(files, arnOf(theirs))
  t.match(read(chosen.associations), { value: association(theirs) })
  t.match(find(chosen.associations, 'mail'), { value: { exists: false } })
  const other = load(files, arnOf(mine)).associations
  t.match([read(other), find(other, 'mail')], [{ value: association() }, { value: { exists: true } }])

  const undecided = load(files)
  t.equal(undecided.clusterArn, undefined)
  for (const name of ['cart', 'mail'])
    t.match(find(undecided.associations, name), {
      state: 'unknown',
      because: /several clusters, such as "prod"; name the cluster with --cluster-arn ARN/
    })
  t.match(
    find(load([{ ...head, associations: [association(theirs)] }], arnOf(mine)).associations),
    { state: 'unknown' },
    'its role is in a different account than the cluster'
  )
  t.match(
    find(load([{ ...head, associations: [association()] }]).associations),
    { value: { exists: true } },
    'no cluster is known, and all associations name the same one'
  )
})
