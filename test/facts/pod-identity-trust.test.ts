import t from 'tap'
import type { AssociationSource, IamSource, RoleLookup, Sources } from '../../src/facts/facts.js'
import { gatherFacts } from '../../src/facts/gather.js'
import type { Association } from '../../src/model/association.js'
import { type Fact, known, moot, unknown } from '../../src/model/fact.js'
import { parseSubject, type Stage } from '../../src/model/subject.js'
import { accountOf } from '../support/accounts.js'
import { cluster, one, own, podStatement, roleArn, targetArn, when } from '../support/pod-identity.js'
import { podOf } from '../support/pods.js'
import { policy } from '../support/trust.js'

const deadline = new AbortController()
const readAt = new Date('2026-11-27T00:00:00Z')
const association: Association = {
  clusterName: 'prod',
  namespace: 'shop',
  serviceAccount: 'cart',
  roleArn,
  disableSessionTags: false
}
const associationsWith = (found: Fact<Association>): AssociationSource => ({
  findAssociation: () => known({ exists: true, since: undefined }),
  readAssociation: () => found
})
/** Roles with these documents, by ARN. */
const iamWith = (documents: Readonly<Record<string, unknown>>): IamSource => {
  const roles = new Map(
    Object.entries(documents).map(([arn, document]): [string, RoleLookup] => [
      arn,
      { exists: true, arn, trustPolicy: { document, encoding: 'json' } }
    ])
  )

  return {
    readRole: (arn) => known(roles.get(arn.text) ?? { exists: false }, readAt),
    readProvider: () => unknown('no providers')
  }
}

async function gather(
  sources: Sources,
  { object = accountOf(), stage = 'source', at }: { object?: object; stage?: Stage; at?: Date } = {}
) {
  const subject = parseSubject(object, { stage })
  if (subject === undefined) throw new Error('not a subject')

  return gatherFacts(subject, ['podIdentityTrust', 'targetTrust'], sources, { deadline, ...(at && { at }) })
}

const right: Sources = {
  clusterArn: cluster,
  associations: associationsWith(known(association)),
  iam: iamWith({ [roleArn]: when(own()), [targetArn]: one({ Principal: { AWS: roleArn } }) })
}

t.test('judges the role of the association, and its target role', async (t) => {
  t.match(await gather(right), {
    podIdentityTrust: { state: 'known', value: { verdict: 'allowed', caller: { roleArn } }, readAt },
    targetTrust: moot('the association has no target role')
  })
  const chained = {
    ...right,
    associations: associationsWith(known({ ...association, targetRoleArn: targetArn }))
  }
  t.match(await gather(chained), {
    podIdentityTrust: { value: { verdict: 'allowed', caller: { firstRole: undefined } } },
    targetTrust: {
      state: 'known',
      value: { verdict: 'allowed', caller: { roleArn: targetArn, firstRole: { arn: roleArn } } },
      readAt
    }
  })
})

t.test('says why it cannot tell', async (t) => {
  const table: readonly (readonly [string, Sources, Fact<never>])[] = [
    [
      'no associations',
      { ...right, associations: undefined },
      moot('EKS Pod Identity associations were not given')
    ],
    ['none for the account', { ...right, associations: associationsWith(moot('none')) }, moot('none')],
    ['not read', { ...right, associations: associationsWith(unknown('throttled')) }, unknown('throttled')],
    [
      'no cluster',
      { ...right, clusterArn: undefined },
      unknown('the ARN of the cluster is not known (pass --cluster-arn ARN)')
    ],
    [
      'another cluster',
      { ...right, associations: associationsWith(known({ ...association, clusterName: 'dev' })) },
      unknown('the association is for cluster dev, not for prod')
    ],
    [
      'no namespace',
      { ...right, associations: associationsWith(known({ ...association, namespace: '' })) },
      unknown('the association does not name its namespace')
    ],
    [
      'another object has the role',
      { ...right, associations: associationsWith(known({ ...association, roleArn: undefined })) },
      unknown("the association does not contain its role's ARN literally, so the ARN is unknown")
    ],
    [
      'no ARN',
      { ...right, associations: associationsWith(known({ ...association, roleArn: 'cart' })) },
      moot('the role does not exist')
    ],
    [
      'a placeholder',
      { ...right, associations: associationsWith(known({ ...association, roleArn: '${ROLE}' })) },
      unknown(
        'the association\'s role is "${ROLE}"; expected arn:aws:iam::<12-digit-account>:role/<path/><name>'
      )
    ],
    [
      'a role of another account',
      { ...right, associations: associationsWith(known({ ...association, roleArn: targetArn })) },
      unknown(
        "the association's role is in AWS account 444455556666, but EKS accepts only roles in AWS account 111122223333, where cluster prod is"
      )
    ],
    [
      'no IAM',
      { ...right, iam: undefined },
      unknown('no facts about IAM were given (pass --iam FILE or --aws)')
    ],
    ['no role', { ...right, iam: iamWith({}) }, moot('the role does not exist')],
    [
      'a role with another path',
      {
        ...right,
        iam: {
          ...iamWith({}),
          readRole: () =>
            known({
              exists: true,
              arn: roleArn.replace('/team/', '/'),
              trustPolicy: { document: when(own()), encoding: 'json' }
            })
        }
      },
      moot('the role does not exist')
    ],
    [
      'no answer',
      { ...right, iam: { ...iamWith({}), readRole: () => unknown('IAM did not answer') } },
      unknown('IAM did not answer')
    ],
    [
      'no policy',
      { ...right, iam: { ...iamWith({}), readRole: (arn) => known({ exists: true, arn: arn.text }) } },
      unknown("the role's trust policy is unknown")
    ]
  ]
  for (const [why, sources, expected] of table)
    t.strictSame((await gather(sources)).podIdentityTrust, expected, why)
  t.strictSame(
    (
      await gather({
        ...right,
        associations: associationsWith(
          known({ ...association, roleArn: undefined, targetRoleArn: targetArn })
        )
      })
    ).targetTrust,
    unknown("the association does not contain its role's ARN literally, so the ARN is unknown")
  )
  t.match((await gather(right, { object: podOf() })).podIdentityTrust, { state: 'moot' })
})

t.test('judges no association of a cluster with the same name in another region', async (t) => {
  const association = (region: string): object => ({
    apiVersion: 'eks.aws.upbound.io/v1beta1',
    kind: 'PodIdentityAssociation',
    metadata: { name: 'cart' },
    spec: {
      forProvider: { region, clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart', roleArn }
    }
  })
  const judge = async (region: string): Promise<unknown> =>
    (await gather(right, { object: association(region) })).podIdentityTrust
  t.match(await judge('us-east-1'), { state: 'known', value: { verdict: 'allowed' } })
  t.strictSame(
    await judge('eu-west-1'),
    unknown(`the association is for a cluster in region eu-west-1, not for ${cluster.text}`)
  )
})

t.test('names the field that is missing, as the tool of the association spells it', async (t) => {
  const judge = async (spec: object): Promise<unknown> => {
    const object = { apiVersion: 'eks.services.k8s.aws/v1alpha1', kind: 'PodIdentityAssociation', spec }
    return (await gather(right, { object })).podIdentityTrust
  }
  const names = { clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart' }
  t.match(await judge({ ...names, roleArn }), { because: /ARN literally \(field roleARN\), so/ })
  t.match(await judge({ ...names, serviceAccount: undefined }), { because: /\(field serviceAccount\)$/ })
  t.match(await judge({ ...names, clusterName: undefined }), { because: /\(field clusterName\)$/ })
})

t.test('hides other namespaces at admission only', async (t) => {
  const sources = {
    ...right,
    iam: iamWith({ [roleArn]: when(own({ 'aws:RequestTag/kubernetes-namespace': 'billing' })) })
  }
  t.match(JSON.stringify(await gather(sources)), /billing/)
  const admitted = await gather(sources, { stage: 'admitted' })
  t.match(admitted.podIdentityTrust, { readAt, value: { verdict: 'denied', miss: { kind: 'tag' } } })
  t.notMatch(JSON.stringify(admitted), /billing/)
})

t.test('hides other namespaces in every kind of miss', async (t) => {
  const documents: readonly unknown[] = [
    policy(
      podStatement(),
      podStatement({
        Effect: 'Deny',
        Condition: { StringNotEquals: { 'aws:RequestTag/kubernetes-namespace': 'billing' } }
      })
    ),
    policy(['system:serviceaccount:billing:invoices']),
    one({ Sid: 'system:serviceaccount:billing:invoices' }),
    when(
      own({
        'aws:RequestTag/kubernetes-service-account': 'billing',
        'aws:RequestTag/kubernetes-namespace': 'x'
      })
    ),
    when({ StringEquals: { 'sts:ExternalId': 'us-east-1/111122223333/prod/billing/invoices' } }),
    when({ StringEquals: { 'a.example:sub': 'system:serviceaccount:billing:invoices' } })
  ]
  for (const document of documents) {
    const facts = await gather({ ...right, iam: iamWith({ [roleArn]: document }) }, { stage: 'admitted' })
    t.match(facts.podIdentityTrust, { state: 'known', value: { verdict: /denied|invalid/ } })
    t.notMatch(JSON.stringify(facts), /billing/, JSON.stringify(document))
  }
  const ours = when(own({ 'aws:RequestTag/kubernetes-service-account': 'web' }))
  t.match(
    JSON.stringify(await gather({ ...right, iam: iamWith({ [roleArn]: ours }) }, { stage: 'admitted' })),
    /"web"/,
    'an account of ours is shown'
  )
})

t.test('remembers no judgement for another question', async (t) => {
  const sources = (parts: Partial<Association>): Sources => ({
    ...right,
    associations: associationsWith(known({ ...association, ...parts }))
  })
  const verdict = (is: string): object => ({ podIdentityTrust: { value: { verdict: is } } })
  for (const parts of [{ serviceAccount: 'mail' }, { namespace: 'web' }, { disableSessionTags: true }]) {
    t.match(await gather(sources({})), verdict('allowed'))
    t.match(await gather(sources(parts)), verdict('denied'))
  }
  t.match(await gather(sources({})), verdict('allowed'))
})

t.test('judges a policy that speaks of time anew', async (t) => {
  const until = { DateLessThan: { 'aws:CurrentTime': '2026-12-01T00:00:00Z' } }
  const sources = { ...right, iam: iamWith({ [roleArn]: when({ ...own(), ...until }) }) }
  for (const [at, is] of [
    ['2026-11-24', 'depends'],
    ['2026-12-02', 'denied'],
    ['2026-11-24', 'depends']
  ] as const)
    t.match(await gather(sources, { at: new Date(at) }), { podIdentityTrust: { value: { verdict: is } } })
})
