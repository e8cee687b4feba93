import fc from 'fast-check'
import t from 'tap'
import { parseClusterArn } from '../../../src/model/cluster-arn.js'
import { recordOf } from '../../../src/text/record.js'
import type { PodIdentityQuestion } from '../../../src/trust-policy/pod-identity/caller.js'
import { hideOtherNamespaces } from '../../../src/trust-policy/pod-identity/hide-others.js'
import { judgePodIdentity, type PodIdentityJudgement } from '../../../src/trust-policy/pod-identity/judge.js'
import { suggestPodIdentity } from '../../../src/trust-policy/pod-identity/suggest.js'
import { clusterArn, own, podQuestion, podsService, roleArn } from '../../support/pod-identity.js'
import { policy } from '../../support/trust.js'

type Json = Readonly<Record<string, unknown>>

const tag = (name: string): string => `aws:RequestTag/${name}`
const otherCluster = clusterArn.replace('prod', 'dev')
const otherAccount = '444455556666'
const clusters = [
  clusterArn,
  otherCluster,
  clusterArn.replace('us-east-1', 'eu-west-1'),
  clusterArn.replace('111122223333', otherAccount)
]
const association = 'arn:aws:eks:us-east-1:111122223333:podidentityassociation/prod/a-1'
const keyed: readonly (readonly [string, readonly string[]])[] = [
  [tag('kubernetes-namespace'), ['shop', 'web', 'sh*', '*', 'Shop', 'shop ', 'cart']],
  [tag('kubernetes-service-account'), ['cart', 'mail', 'c*', 'shop/cart']],
  [tag('eks-cluster-name'), ['prod', 'dev', '*']],
  [tag('eks-cluster-arn'), [...clusters, 'prod', '*']],
  [tag('namespace'), ['shop', 'web']],
  ['aws:PrincipalTag/kubernetes-namespace', ['shop', 'web']],
  ['aws:PrincipalArn', [roleArn, 'arn:aws:iam::111122223333:role/*']],
  ['aws:SourceArn', [...clusters, association, 'arn:aws:eks:*:111122223333:cluster/*']],
  ['aws:SourceAccount', ['111122223333', otherAccount]],
  ['aws:TagKeys', ['kubernetes-namespace', 'eks-cluster-arn', 'team']],
  ['sts:ExternalId', ['us-east-1/111122223333/prod/shop/cart', 'x']],
  ['aws:SourceOrgID', ['o-1']],
  ['aws:PrincipalOrgID', ['o-1']],
  ['aws:PrincipalIsAWSService', ['true', 'false']]
]
const operator = fc.constantFrom(
  'StringEquals',
  'StringEquals',
  'StringEquals',
  'StringLike',
  'StringNotEquals',
  'StringEqualsIfExists',
  'StringEqualsIgnoreCase',
  'ArnLike',
  'ForAllValues:StringEquals',
  'ForAnyValue:StringLike',
  'ForAnyValue:StringEquals'
)
const keys = fc
  .uniqueArray(fc.constantFrom(...keyed), { minLength: 1, maxLength: 4 })
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map(([key, values]) =>
        fc
          .oneof(
            { weight: 2, arbitrary: fc.constant(values[0] ?? '') },
            { weight: 2, arbitrary: fc.constantFrom(...values) },
            {
              weight: 1,
              arbitrary: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })
            }
          )
          .map((value) => [key, value] as const)
      )
    )
  )
  .map((entries) => Object.fromEntries(entries) as Json)
const condition = fc
  .array(fc.tuple(operator, keys), { maxLength: 2 })
  .map((all) => Object.fromEntries(all) as Json)
const anyStatement = fc.record({
  Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
  Principal: fc.constantFrom<Json>(
    { Service: podsService },
    { Service: podsService },
    { Service: [podsService, 'ec2.amazonaws.com'] },
    { Service: 'pod.eks.amazonaws.com' },
    { Service: 'ec2.amazonaws.com' },
    { AWS: '*' },
    { AWS: roleArn },
    { AWS: 'arn:aws:iam::111122223333:root' }
  ),
  Action: fc.constantFrom<unknown>(
    ['sts:AssumeRole', 'sts:TagSession'],
    ['sts:AssumeRole', 'sts:TagSession'],
    'sts:AssumeRole',
    'sts:TagSession',
    'sts:*'
  ),
  Condition: condition
})
/** A statement for shop/cart alone, with one or two mistakes. */
const mistakes: readonly Json[] = [
  { 'aws:SourceArn': association },
  { 'aws:SourceArn': otherCluster },
  { 'aws:SourceArn': 'prod' },
  { [tag('kubernetes-namespace')]: 'web' },
  { [tag('kubernetes-namespace')]: ['web', 'x'] },
  { [tag('kubernetes-namespace')]: 'shop ' },
  { [tag('kubernetes-service-account')]: 'mail' },
  { [tag('kubernetes-namespace')]: undefined, [tag('namespace')]: 'shop' },
  { [tag('kubernetes-namespace')]: undefined, 'aws:PrincipalTag/kubernetes-namespace': 'shop' },
  { [tag('eks-cluster-name')]: 'dev' }
]
const nearly: fc.Arbitrary<Json> = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom(...mistakes), { maxLength: 2 }),
    fc.constantFrom<unknown>(['sts:AssumeRole', 'sts:TagSession'], 'sts:AssumeRole'),
    fc.constantFrom<Json>({ Service: podsService }, { Service: 'pod.eks.amazonaws.com' }, { AWS: roleArn })
  )
  .map(([made, action, principal]) => {
    const keys: Json = Object.assign({}, recordOf(recordOf(own())['StringEquals']), ...made) as Json
    const condition = { StringEquals: JSON.parse(JSON.stringify(keys)) as unknown }
    return { Effect: 'Allow', Principal: principal, Action: action, Condition: condition }
  })
const statement = fc.oneof({ weight: 2, arbitrary: anyStatement }, { weight: 1, arbitrary: nearly })
const statements: fc.Arbitrary<Json[]> = fc.array(statement, { minLength: 1, maxLength: 3 })
const asked = fc.constantFrom<Partial<PodIdentityQuestion>>(
  {},
  {},
  { sessionTags: false },
  { firstRole: { arn: roleArn } },
  { firstRole: { arn: roleArn }, sessionTags: false }
)

const judge = (list: unknown, parts: Partial<PodIdentityQuestion>): PodIdentityJudgement =>
  judgePodIdentity(podQuestion({ Version: '2012-10-17', Statement: list }, parts))
const check = (property: fc.IRawProperty<unknown, false>, runs = 1000): void =>
  fc.assert(property, { numRuns: runs, seed: 20261127 })

t.test('one more Deny never turns denied into allowed', async () => {
  check(
    fc.property(statements, statement, fc.nat(3), asked, (list, extra, index, parts) => {
      const before = judge(list, parts).verdict
      const after = judge(list.toSpliced(index, 0, { ...extra, Effect: 'Deny' }), parts).verdict
      // Whether tags that are disabled need sts:TagSession is open, so its denial makes "allowed" undecided.
      return before === 'denied' ? after === 'denied' : before !== 'depends' || after !== 'allowed'
    })
  )
})

t.test('a Deny that applies never allows', async () => {
  check(
    fc.property(statements, fc.nat(3), asked, (list, index, parts) => {
      const deny = {
        Effect: 'Deny',
        Principal: { AWS: [roleArn], Service: podsService },
        Action: 'sts:AssumeRole'
      }
      return judge(list.toSpliced(index, 0, deny), parts).verdict === 'denied'
    })
  )
})

t.test('the order of statements, keys and values never matters', async () => {
  const reversed = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(reversed).reverse()
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .map(([key, each]): [string, unknown] => [key, reversed(each)])
              .reverse()
          )
        : value
  check(
    fc.property(statements, asked, (list, parts) => {
      const [one, two] = [judge(list, parts), judge(reversed(list), parts)]
      return (
        one.verdict === two.verdict &&
        one.overPermissive === two.overPermissive &&
        one.dependsOn.join() === two.dependsOn.join()
      )
    })
  )
})

t.test('the case of keys and actions never matters', async () => {
  const shouted = (list: readonly Json[]): unknown[] =>
    list.map((each) => ({
      ...each,
      Action: [each['Action']].flat().map((action) => String(action).toUpperCase()),
      Condition: Object.fromEntries(
        Object.entries(each['Condition'] ?? {}).map(([name, keys]: [string, object]) => [
          name,
          Object.fromEntries(
            Object.entries(keys).map(([key, value]: [string, unknown]) => [key.toUpperCase(), value])
          )
        ])
      )
    }))
  check(
    fc.property(statements, asked, (list, parts) => {
      const [one, two] = [judge(list, parts), judge(shouted(list), parts)]
      return (
        one.verdict === two.verdict &&
        one.overPermissive === two.overPermissive &&
        one.miss?.kind === two.miss?.kind
      )
    })
  )
})

t.test('whether a policy is over-permissive does not depend on who asks', async () => {
  check(
    fc.property(statements, (list) => {
      const answers = ['shop', 'web', 'x'].flatMap((namespace) =>
        ['cart', 'x'].flatMap((serviceAccount) =>
          [clusterArn, otherCluster].map(
            (clusterArn) => judge(list, { namespace, serviceAccount, clusterArn }).overPermissive
          )
        )
      )
      return new Set(answers).size === 1
    })
  )
})

const everyone: readonly Partial<PodIdentityQuestion>[] = clusters.flatMap((clusterArn) =>
  ['shop', 'web', 'x'].flatMap((namespace) =>
    ['cart', 'mail', 'x'].flatMap((serviceAccount) =>
      [true, false].map((sessionTags) => ({ clusterArn, namespace, serviceAccount, sessionTags }))
    )
  )
)
const isUs = ({ clusterArn: arn, namespace, serviceAccount }: Partial<PodIdentityQuestion>): boolean =>
  arn === clusterArn && namespace === 'shop' && serviceAccount === 'cart'

t.test('what is suggested admits this association, and no other one', async (t) => {
  let suggestions = 0
  let edits = 0
  check(
    fc.property(statements, asked, (list, parts) => {
      const before = { Version: '2012-10-17', Statement: list }
      const judgement = judge(list, parts)
      const after = suggestPodIdentity(podQuestion(before, parts), judgement)
      if (after === undefined) return
      suggestions++
      const { Statement: edited } = after as { Statement: readonly unknown[] }
      if (edited.length === list.length) edits++
      const show = (what: string): string => `${what}: ${JSON.stringify({ parts, before, after }, null, 1)}`
      if (judge(edited, parts).verdict !== 'allowed') throw new Error(show('it does not admit us'))
      if (
        list.some(
          (one, index) => one['Effect'] === 'Deny' && JSON.stringify(edited[index]) !== JSON.stringify(one)
        )
      )
        throw new Error(show('a Deny was changed'))
      const { firstRole } = parts
      const callers = everyone.flatMap((who) =>
        firstRole === undefined
          ? [who]
          : [roleArn, 'arn:aws:iam::111122223333:role/x'].map((arn) => ({ ...who, firstRole: { arn } }))
      )
      for (const who of callers) {
        if (isUs(who) && who.firstRole?.arn === firstRole?.arn) continue
        const [{ verdict: was, dependsOn }, { verdict: is }] = [judge(list, who), judge(edited, who)]
        if (was === 'allowed' && is !== 'allowed') throw new Error(show(`${JSON.stringify(who)} is out`))
        // sts:TagSession alone gives nobody a role, and it cannot be limited by an external ID.
        if (is !== 'denied' && is !== was && !(was === 'depends' && dependsOn.length === 0))
          throw new Error(show(`${JSON.stringify(who)} is new: ${was}, ${is}`))
      }
    }),
    2000
  )
  t.ok(suggestions > 1000, `${suggestions} suggestions were tried`)
  t.ok(edits > 100, `${edits} of them edit a statement`)
})

t.test('IAM stores what is suggested', async (t) => {
  const long = policy({
    Sid: 'x'.repeat(1900),
    Effect: 'Allow',
    Principal: { Service: 'ec2.amazonaws.com' },
    Action: 'sts:AssumeRole'
  })
  t.equal(suggestPodIdentity(podQuestion(long), judgePodIdentity(podQuestion(long))), undefined)
})

t.test('hides other namespaces, and neither the verdict nor ours', async () => {
  const names = /\bweb\b/ // a service account is shown if the statement is for our namespace
  check(
    fc.property(statements, asked, (list, parts) => {
      const judgement = judge(list, parts)
      const shown = hideOtherNamespaces(judgement)
      return (
        shown.verdict === judgement.verdict &&
        shown.miss?.kind === judgement.miss?.kind &&
        !names.test(JSON.stringify(shown.miss ?? {}))
      )
    })
  )
})

t.test('the ARN of a cluster may be parsed or text', async (t) => {
  const parsed = parseClusterArn(clusterArn)
  if (parsed === undefined) throw new Error('this is the ARN of a cluster')
  check(
    fc.property(statements, (list) => {
      const [one, two] = [judge(list, {}), judge(list, { clusterArn: parsed })]
      return one.verdict === two.verdict && one.overPermissive === two.overPermissive
    }),
    200
  )
  t.pass()
})
