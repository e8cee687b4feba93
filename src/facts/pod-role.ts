import { associatedRoleOf, type PodRole, podRoleOf } from '../identity-webhook/pod-role.js'
import { isConfiguredElsewhere } from '../identity-webhook/role-request.js'
import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { AssociationLookup } from '../model/association.js'
import { type Fact, known, moot } from '../model/fact.js'
import type { AccountLookup } from '../model/service-account.js'
import type { PodSubject, WorkloadSubject } from '../model/subject.js'

/**
 * The role of a pod, derived from its service account. If the account has an EKS Pod Identity association,
 * the identity webhook ignores what the account requests. Moot if the account requests no role; unknown if
 * the account is unknown, or if the identity webhook's ConfigMap might name a role.
 */
export function podRoleFact(
  subject: PodSubject | WorkloadSubject,
  {
    account,
    associated,
    settings
  }: {
    account: Fact<AccountLookup>
    associated: Fact<AssociationLookup>
    settings: IdentityWebhookSettings
  }
): Fact<PodRole> {
  if (associated.state === 'known' && associated.value.exists)
    return known(associatedRoleOf(subject, associated.value, settings), associated.readAt)
  if (account.state !== 'known') return account
  const annotations = account.value.exists ? account.value.annotations : {}
  if (settings.configured.state === 'unknown' && isConfiguredElsewhere(annotations, settings))
    return settings.configured
  const role = podRoleOf(subject, account.value, settings)

  return role === undefined ? noRequest : known(role)
}

const noRequest = moot('its service account requests no role')
