import t from 'tap'
import { trustOf } from '../../src/facts/trust.js'
import { known, moot, unknown } from '../../src/model/fact.js'
import { parseRoleArn } from '../../src/model/role-arn.js'
import { annotation, asks, issuer, policy, statement } from '../support/trust.js'

const arn = parseRoleArn(annotation)
if (arn === undefined) throw new Error('this is a role ARN')
const subject = { kind: 'ServiceAccount', stage: 'admitted', namespace: 'shop', name: 'cart', annotations: {} } as const
const trusting = (
  document: unknown
): ReturnType<typeof known<{ exists: true; arn: string; trustPolicy: { document: unknown; encoding: 'json' } }>> =>
  known({ exists: true, arn: annotation, trustPolicy: { document, encoding: 'json' } })

t.test('judges the role that is known', async (t) => {
  t.match(trustOf(trusting(policy(statement())), { subject, arn, issuer }), { state: 'known', value: { verdict: 'allowed' } })
})

t.test('takes the audience of the annotation', async (t) => {
  const asking = { ...subject, annotations: { 'eks.amazonaws.com/audience': 'team' } }
  const role = trusting(policy(statement({ Condition: asks({ aud: 'team' }) })))
  t.match(trustOf(role, { subject: asking, arn, issuer }), { value: { verdict: 'allowed' } })
  t.match(trustOf(role, { subject, arn, issuer }), { value: { verdict: 'denied', miss: { kind: 'audience' } } })
})

t.test('says why it cannot tell', async (t) => {
  const role = trusting(policy(statement()))
  t.strictSame(trustOf(unknown('IAM did not answer'), { subject, arn, issuer }), unknown('IAM did not answer'))
  t.strictSame(trustOf(known({ exists: false }), { subject, arn, issuer }), moot('the role does not exist'))
  t.strictSame(trustOf(known({ exists: true, arn: annotation }), { subject, arn, issuer }), unknown("the role's trust policy is not known"))
  t.strictSame(trustOf(role, { subject, arn, issuer: undefined }), unknown('the issuer of the cluster is not known'))
  t.match(trustOf(role, { subject: { ...subject, name: 'cart-' }, arn, issuer }), {
    state: 'unknown',
    because: /name of the service account/
  })
  t.match(trustOf(role, { subject: { ...subject, annotations: { 'eks.amazonaws.com/audience': '' } }, arn, issuer }), { state: 'unknown' })
})
