import t from 'tap'
import { clusterNamedBy } from '../../src/model/association-cluster.js'
import { clusterOfAssociationArn } from '../../src/model/cluster-arn.js'

t.test('an ARN of an association names its cluster', async (t) => {
  const prefix = 'arn:aws-cn:eks:cn-north-1:111122223333'
  const cluster = `${prefix}:cluster/prod`
  t.equal(clusterOfAssociationArn(`${prefix}:podidentityassociation/prod/a-1`)?.text, cluster)
  for (const text of [
    cluster,
    `${prefix}:podidentityassociation/prod`,
    `${prefix}:podidentityassociation/-/a-1`,
    `${prefix}:podidentityassociation/prod/${'a'.repeat(512)}`
  ])
    t.equal(clusterOfAssociationArn(text), undefined, text.slice(0, 80))
})

t.test('an association names its cluster only with all parts of the ARN', async (t) => {
  const association = {
    ...{ clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart' },
    ...{ roleArn: 'arn:aws:iam::111122223333:role/cart', disableSessionTags: false }
  }
  const place = { partition: 'aws', region: 'eu-west-1', account: '111122223333' }
  t.equal(clusterNamedBy({ association, place })?.text, 'arn:aws:eks:eu-west-1:111122223333:cluster/prod')
  t.equal(clusterNamedBy({ association, place: { ...place, region: undefined } }), undefined)
  t.equal(clusterNamedBy({ association: { ...association, clusterName: '' }, place }), undefined)
})
