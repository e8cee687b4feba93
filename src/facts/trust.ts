import { audienceOf } from '../model/audience.js'
import { known, moot, unknown, type Fact } from '../model/fact.js'
import type { IdentityWebhookSettings } from '../model/identity-webhook.js'
import type { RoleArn } from '../model/role-arn.js'
import type { ServiceAccountSubject } from '../model/subject.js'
import { judgeRead, readTrustPolicy, type ReadTrustPolicy, type TrustJudgement } from '../trust-policy/judge.js'
import type { RoleAnswer, TrustPolicyDocument } from './facts.js'

/** Whether a role's trust policy lets a service account in. Never throws. */
export function trustOf(
  role: Fact<RoleAnswer>,
  {
    subject,
    arn,
    issuer,
    settings,
    at
  }: { subject: ServiceAccountSubject; arn: RoleArn; issuer: Fact<string>; settings: IdentityWebhookSettings; at: Date | undefined }
): Fact<TrustJudgement> {
  if (role.state !== 'known') return role
  if (!role.value.exists) return moot('the role does not exist')
  if (role.value.trustPolicy === undefined) return unknown("the role's trust policy is not known")
  // A name that ends so is a generateName: what the API server will make of it is not known yet.
  if (!/[a-z0-9]$/.test(subject.name)) return unknown('the name of the service account is not known yet')
  if (issuer.state !== 'known') return issuer

  const audience = audienceOf(subject.annotations, settings)
  // An empty one makes the API server put its own audience into the token, which nobody told us.
  if (audience === undefined) return unknown(`the annotation ${settings.annotationNames.audience} names no audience`)

  return known(
    judgeRead(readOnce(role.value.trustPolicy), {
      roleAccount: arn.account,
      partition: arn.partition,
      issuer: issuer.value,
      namespace: subject.namespace,
      serviceAccount: subject.name,
      audience,
      at
    })
  )
}

const read = new WeakMap<TrustPolicyDocument, ReadTrustPolicy>()

/** Reads a document the first time it is asked for: thousands of accounts may share a role, and half of a verdict's cost is reading. */
function readOnce(document: TrustPolicyDocument): ReadTrustPolicy {
  const before = read.get(document)
  if (before !== undefined) return before

  const policy = readTrustPolicy(document.document, document.encoding)
  read.set(document, policy)
  return policy
}
