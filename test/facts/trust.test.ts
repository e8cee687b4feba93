import t from 'tap'
import { trustOf } from '../../src/facts/trust.js'
import { known, moot, unknown } from '../../src/model/fact.js'
import { defaultIdentityWebhook } from '../../src/model/identity-webhook.js'
import { parseRoleArn } from '../../src/model/role-arn.js'
import { annotation, asks, issuer, policy, statement } from '../support/trust.js'

const arn = parseRoleArn(annotation)
if (arn === undefined) throw new Error('this is a role ARN')
const subject = { kind: 'ServiceAccount', stage: 'admitted', namespace: 'shop', name: 'cart', annotations: {} } as const
const given = { subject, arn, issuer: known(issuer), settings: defaultIdentityWebhook, at: undefined }
const trusting = (
  document: unknown
): ReturnType<typeof known<{ exists: true; arn: string; trustPolicy: { document: unknown; encoding: 'json' } }>> =>
  known({ exists: true, arn: annotation, trustPolicy: { document, encoding: 'json' } })

t.test('judges the role that is known', async (t) => {
  t.match(trustOf(trusting(policy(statement())), given), { state: 'known', value: { verdict: 'allowed' } })
})

t.test('takes the audience of the annotation', async (t) => {
  const asking = { ...subject, annotations: { 'eks.amazonaws.com/audience': 'team' } }
  const role = trusting(policy(statement({ Condition: asks({ aud: 'team' }) })))
  t.match(trustOf(role, { ...given, subject: asking }), { value: { verdict: 'allowed' } })
  t.match(trustOf(role, given), { value: { verdict: 'denied', miss: { kind: 'audience' } } })
})

t.test('says why it cannot tell', async (t) => {
  const role = trusting(policy(statement()))
  t.strictSame(trustOf(unknown('IAM did not answer'), given), unknown('IAM did not answer'))
  t.strictSame(trustOf(known({ exists: false }), given), moot('the role does not exist'))
  t.strictSame(trustOf(known({ exists: true, arn: annotation }), given), unknown("the role's trust policy is not known"))
  t.strictSame(
    trustOf(role, { ...given, issuer: unknown('the issuer of the cluster is not known') }),
    unknown('the issuer of the cluster is not known')
  )
  t.match(trustOf(role, { ...given, subject: { ...subject, name: 'cart-' } }), {
    state: 'unknown',
    because: /name of the service account/
  })
  t.match(trustOf(role, { ...given, subject: { ...subject, annotations: { 'eks.amazonaws.com/audience': '' } } }), { state: 'unknown' })
})
