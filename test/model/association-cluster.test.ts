import t from 'tap'
import { clusterNamedBy, contradictionWith } from '../../src/model/association-cluster.js'
import { clusterOfAssociationArn, parseClusterArn } from '../../src/model/cluster-arn.js'

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

t.test('an association contradicts a cluster in name, place or role', async (t) => {
  const cluster = parseClusterArn('arn:aws:eks:eu-west-1:111122223333:cluster/prod')
  if (cluster === undefined) throw new Error('this is the ARN of a cluster')
  const right = {
    ...{ clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart' },
    ...{ roleArn: 'arn:aws:iam::111122223333:role/cart', disableSessionTags: false }
  }
  const why = (association: object, place: object = {}): string | undefined =>
    contradictionWith({ association: { ...right, ...association }, place }, cluster)

  t.equal(why({}), undefined)
  t.equal(why({ clusterName: '', roleArn: undefined }), undefined)
  t.equal(why({ roleArn: 'cart' }), undefined)
  t.equal(why({}, { partition: 'aws', region: 'eu-west-1', account: '111122223333' }), undefined)
  t.match(why({ clusterName: 'dev' }), /^the association is for cluster dev, not for prod$/)
  t.match(why({}, { region: 'us-east-1' }), /a cluster in region us-east-1, not for arn:aws:eks:eu-west-1/)
  t.match(why({}, { account: '444455556666' }), /a cluster in AWS account 444455556666, not for/)
  t.match(why({}, { partition: 'aws-cn' }), /a cluster in partition aws-cn, not for/)
  t.match(
    why({ roleArn: 'arn:aws:iam::444455556666:role/cart' }),
    /role is in AWS account 444455556666, but EKS accepts only roles in AWS account 111122223333/
  )
  t.match(why({ roleArn: 'arn:aws-cn:iam::111122223333:role/cart' }), /role is in partition aws-cn, but/)
})
