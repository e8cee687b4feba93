import t from 'tap'
import { trustOf } from '../../src/facts/trust.js'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { known, moot, unknown } from '../../src/model/fact.js'
import { parseRoleArn } from '../../src/model/role-arn.js'
import { annotation, asks, issuer, policy, statement } from '../support/trust.js'

const arn = parseRoleArn(annotation)
if (arn === undefined) throw new Error('this is a role ARN')
const subject = {
  kind: 'ServiceAccount',
  stage: 'admitted',
  namespace: 'shop',
  name: 'cart',
  annotations: { 'eks.amazonaws.com/role-arn': annotation }
} as const
const given = { subject, arn, issuer: known(issuer), settings: defaultIdentityWebhook, at: undefined }
const trusting = (
  document: unknown
): ReturnType<
  typeof known<{ exists: true; arn: string; trustPolicy: { document: unknown; encoding: 'json' } }>
> => known({ exists: true, arn: annotation, trustPolicy: { document, encoding: 'json' } })

t.test('judges the role that is known', async (t) => {
  t.match(trustOf(trusting(policy(statement())), given), { state: 'known', value: { verdict: 'allowed' } })
})

t.test('takes the audience of the annotation', async (t) => {
  const asking = { ...subject, annotations: { ...subject.annotations, 'eks.amazonaws.com/audience': 'team' } }
  const role = trusting(policy(statement({ Condition: asks({ aud: 'team' }) })))
  t.match(trustOf(role, { ...given, subject: asking }), { value: { verdict: 'allowed' } })
  t.match(trustOf(role, given), { value: { verdict: 'denied', miss: { kind: 'audience' } } })
})

t.test('says why it cannot tell', async (t) => {
  const role = trusting(policy(statement()))
  t.strictSame(trustOf(unknown('IAM did not answer'), given), unknown('IAM did not answer'))
  t.strictSame(trustOf(known({ exists: false }), given), moot('the role does not exist'))
  t.strictSame(
    trustOf(known({ exists: true, arn: annotation }), given),
    unknown("the role's trust policy is unknown")
  )
  t.strictSame(
    trustOf(role, {
      ...given,
      issuer: unknown('the issuer of the cluster is not known (pass --issuer URL)')
    }),
    unknown('the issuer of the cluster is not known (pass --issuer URL)')
  )
  t.match(trustOf(role, { ...given, subject: { ...subject, name: 'cart-' } }), {
    state: 'unknown',
    because: /name of the service account/
  })
  t.match(
    trustOf(role, { ...given, subject: { ...subject, annotations: { 'eks.amazonaws.com/audience': '' } } }),
    { state: 'unknown' }
  )
})

t.test('remembers no judgement for another question', async (t) => {
  const role = trusting(policy(statement())) // one document throughout, as a cached answer of IAM is
  const asked = (parts: Partial<typeof given>): unknown => trustOf(role, { ...given, ...parts })
  const verdict = (is: string): object => ({ state: 'known', value: { verdict: is } })
  const other = parseRoleArn('arn:aws:iam::444455556666:role/team/cart')
  const abroad = parseRoleArn('arn:aws-cn:iam::111122223333:role/team/cart')
  if (other === undefined || abroad === undefined) throw new Error('these are role ARNs')

  for (const [why, parts] of [
    ['another name', { subject: { ...subject, name: 'mail' } }],
    ['another namespace', { subject: { ...subject, namespace: 'prod' } }],
    [
      'another audience',
      {
        subject: { ...subject, annotations: { ...subject.annotations, 'eks.amazonaws.com/audience': 'team' } }
      }
    ],
    ['another issuer', { issuer: known(`${issuer}X`) }],
    ['another account', { arn: other }],
    ['another partition', { arn: abroad }]
  ] as const) {
    t.match(asked({}), verdict('allowed'), `before ${why}`)
    t.match(asked(parts as Partial<typeof given>), verdict('denied'), why)
    t.match(asked({}), verdict('allowed'), `after ${why}`)
  }
})

t.test('judges a policy that speaks of time anew', async (t) => {
  const until = { DateLessThan: { 'aws:CurrentTime': '2026-12-01T00:00:00Z' } }
  const role = trusting(policy(statement({ Condition: { ...asks({}), ...until } })))
  const at = (date: string): unknown => trustOf(role, { ...given, at: new Date(date) })
  t.match(at('2026-11-24T00:00:00Z'), { value: { verdict: 'depends' } })
  t.match(at('2026-12-02T00:00:00Z'), { value: { verdict: 'denied' } })
  t.match(at('2026-11-24T00:00:00Z'), { value: { verdict: 'depends' } })
})
