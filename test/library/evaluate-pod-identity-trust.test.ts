import t from 'tap'
import { evaluatePodIdentityTrust, type PodIdentityEvaluationQuestion } from '../../src/library/index.js'
import { clusterArn, one, own, podStatement, roleArn, when } from '../support/pod-identity.js'
import { policy } from '../support/trust.js'

const ask = (document: unknown, parts: object = {}): ReturnType<typeof evaluatePodIdentityTrust> =>
  evaluatePodIdentityTrust({ document, clusterArn, namespace: 'shop', serviceAccount: 'cart', ...parts })

t.test('tells the contract in full', async (t) => {
  t.strictSame(ask(when(own())), {
    verdict: 'allowed',
    overPermissive: false,
    statement: 0,
    dependsOn: [],
    findings: []
  })
  t.strictSame(ask(one({ Action: 'sts:AssumeRole', Condition: own() })), {
    verdict: 'denied',
    overPermissive: false,
    statement: 0,
    dependsOn: [],
    findings: [
      {
        rule: 'pod-identity-action-missing',
        severity: 'error',
        field: 'metadata.name',
        message:
          'the role does not allow sts:TagSession for EKS Pod Identity for service account shop/cart in cluster prod, which needs both sts:AssumeRole and sts:TagSession: its statement 1 allows "sts:AssumeRole"',
        fix: 'add sts:TagSession to the Action of statement 1',
        docs: 'https://irsa-guard.io/v0.1.0/rules/pod-identity-action-missing'
      }
    ],
    suggested: one({ Condition: own() })
  })
})

t.test('each denial has one error, of the rule for its kind', async (t) => {
  const table: Readonly<Record<string, unknown>> = {
    'trust-policy-invalid': '{',
    'trust-explicit-deny': policy(podStatement({ Condition: own() }), podStatement({ Effect: 'Deny' })),
    'pod-identity-principal-missing': one({ Principal: { Service: 'ec2.amazonaws.com' } }),
    'pod-identity-action-missing': one({ Action: 'sts:TagSession' }),
    'pod-identity-tag-mismatch': when(own({ 'aws:RequestTag/kubernetes-namespace': 'web' })),
    'pod-identity-source-mismatch': when(own({ 'aws:SourceAccount': '444455556666' })),
    'trust-condition-unmeetable': when(own({ 'aws:PrincipalOrgID': 'o-1' }))
  }
  const errorsOf = (findings: readonly { rule: string; severity: string }[]): string[] =>
    findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)
  for (const [rule, document] of Object.entries(table)) {
    t.strictSame(errorsOf(ask(document).findings), [rule], rule)
    const { findings } = ask(document, { firstRole: { arn: roleArn } })
    t.strictSame(errorsOf(findings), ['pod-identity-target-untrusted'], `${rule}, target role`)
  }
})

t.test('a statement of its own admits one association', async (t) => {
  t.strictSame(ask(policy()).verdict, 'invalid')
  t.strictSame(
    ask(one({ Principal: { Service: 'ec2.amazonaws.com' } })).suggested,
    policy(
      podStatement({ Principal: { Service: 'ec2.amazonaws.com' } }),
      podStatement({
        Condition: {
          StringEquals: {
            'aws:SourceAccount': '111122223333',
            'aws:SourceArn': clusterArn,
            'aws:RequestTag/kubernetes-namespace': 'shop',
            'aws:RequestTag/kubernetes-service-account': 'cart'
          }
        }
      })
    )
  )
  const untagged = { sessionTags: false }
  t.equal(ask(one({ Principal: { Service: 'ec2.amazonaws.com' } }), untagged).suggested, undefined)
  t.match(ask(one(), { firstRole: { arn: roleArn }, ...untagged }).suggested, {
    Statement: [
      {},
      {
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'us-east-1/111122223333/prod/shop/cart' } }
      },
      { Action: 'sts:TagSession' }
    ]
  })
})

t.test('an external ID is added where it stands', async (t) => {
  const principal = { AWS: roleArn }
  const limited = (id: unknown): object =>
    policy(
      podStatement({
        Principal: principal,
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': id } }
      }),
      podStatement({ Principal: principal, Action: 'sts:TagSession' })
    )
  const target = { firstRole: { arn: roleArn }, sessionTags: false }
  t.strictSame(
    ask(limited('us-east-1/111122223333/prod/shop/mail'), target).suggested,
    limited(['us-east-1/111122223333/prod/shop/mail', 'us-east-1/111122223333/prod/shop/cart'])
  )
  t.equal(
    ask(one({ Principal: principal, Condition: { StringEquals: { 'sts:ExternalId': 'x' } } }), target)
      .suggested,
    undefined,
    'one statement for both actions'
  )
})

t.test('what it does not suggest', async (t) => {
  const none: Readonly<Record<string, [unknown, object?]>> = {
    'a Deny': [policy(podStatement(), podStatement({ Effect: 'Deny' }))],
    'a document that IAM refuses': [one({ Resource: '*' })],
    'an exclusion by name': [when({ StringNotEquals: { 'aws:RequestTag/kubernetes-namespace': 'shop' } })],
    'a date in the past': [
      when({ DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }),
      { at: new Date('2026-11-27') }
    ],
    'a name that would be a pattern': [when(own()), { serviceAccount: 'cart*' }],
    'limits that only the request decides': [
      one({
        Action: 'sts:AssumeRole',
        Condition: { ...own(), IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }
      })
    ],
    'more than an account stores': [
      one({ Sid: 'x'.repeat(1800), Principal: { Service: 'ec2.amazonaws.com' } })
    ]
  }
  for (const [why, [document, parts]] of Object.entries(none)) {
    const { verdict, suggested } = ask(document, parts)
    t.match(verdict, /denied|invalid/, why)
    t.equal(suggested, undefined, why)
  }
})

t.test('says what is no question', async (t) => {
  const table: readonly (readonly [object, field: string])[] = [
    [{ clusterArn: undefined }, 'clusterArn'],
    [{ clusterArn: 'prod' }, 'clusterArn'],
    [{ namespace: '' }, 'namespace'],
    [{ serviceAccount: 5 }, 'serviceAccount'],
    [{ sessionTags: 'no' }, 'sessionTags'],
    [{ firstRole: roleArn }, 'firstRole'],
    [{ firstRole: { arn: 'cart' } }, 'firstRole.arn'],
    [{ firstRole: { arn: roleArn, externalId: 5 } }, 'firstRole.externalId'],
    [{ at: '2026-11-27' }, 'at'],
    [{ encoding: 'base64' }, 'encoding'],
    [{ roleArn: 5 }, 'roleArn']
  ]
  for (const [parts, field] of table)
    t.match(ask(one(), parts), { verdict: 'invalid', findings: [{ rule: 'not-a-question', field }] }, field)
  t.match(evaluatePodIdentityTrust(undefined as unknown as PodIdentityEvaluationQuestion), {
    verdict: 'invalid',
    findings: [{ rule: 'not-a-question' }]
  })
  t.match(ask(one(), { roleArn }).findings, [{ message: /can use role cart/ }])
})
