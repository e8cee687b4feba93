import { isConfiguredElsewhere, roleRequestOf } from '../identity-webhook/role-request.js'
import { audienceOf, type IdentityWebhookSettings } from '../identity-webhook/settings.js'
import { type Fact, known, moot, unknown } from '../model/fact.js'
import type { RoleArn } from '../model/role-arn.js'
import { namespaceNotGiven, type ServiceAccountSubject } from '../model/subject.js'
import { judgeParsed, type TrustJudgement, type TrustQuestion } from '../trust-policy/judge.js'
import type { RoleLookup } from './facts.js'
import { rememberLast } from './remember-last.js'

/** Whether a role's trust policy admits a service account. Never throws. */
export function trustOf(
  role: Fact<RoleLookup>,
  {
    subject,
    arn,
    issuer,
    settings,
    at
  }: {
    subject: ServiceAccountSubject
    arn: RoleArn
    issuer: Fact<string>
    settings: IdentityWebhookSettings
    at: Date | undefined
  }
): Fact<TrustJudgement> {
  if (role.state !== 'known') return role
  if (!role.value.exists) return moot('the role does not exist')
  if (role.value.trustPolicy === undefined) return unknown("the role's trust policy is unknown")
  if (subject.namespace === '') return unknown(namespaceNotGiven)
  // A name that does not end in a letter or digit is a generateName, so the final name is not known yet.
  if (!/[a-z0-9]$/.test(subject.name)) return unknown('the name of the service account is not known yet')
  if (issuer.state !== 'known') return issuer

  if (subject.ownToken === 'without-audience')
    return unknown("the token has no audience, so it gets the API server's, which is unknown")
  if (subject.ownToken === 'hidden')
    return unknown('the token is known only at run time, so its audience is unknown')
  // If the annotation is empty, or the entry in the ConfigMap names no audience, the token gets the API
  // server's own audience, which is unknown here.
  const audience = isConfiguredElsewhere(subject.annotations, settings)
    ? roleRequestOf(subject, settings)?.audience
    : audienceOf(subject.annotations, settings)
  if (audience === undefined)
    return unknown(
      `neither the annotation ${settings.annotationNames.audience} nor the identity webhook's ConfigMap names an audience`
    )

  const judgement = judgeOnce(role.value.trustPolicy, {
    roleAccount: arn.account,
    partition: arn.partition,
    issuer: issuer.value,
    namespace: subject.namespace,
    serviceAccount: subject.name,
    audience,
    at
  })

  return known(judgement, role.readAt)
}

type Question = Omit<TrustQuestion, 'document'>

const judgeOnce = rememberLast(
  judgeParsed,
  (one: Question, other: Question) =>
    one.serviceAccount === other.serviceAccount &&
    one.namespace === other.namespace &&
    one.audience === other.audience &&
    one.issuer === other.issuer &&
    one.roleAccount === other.roleAccount &&
    one.partition === other.partition
)
