import { type Chain, chainOf } from '../identity-webhook/chain.js'
import { isConfiguredElsewhere, type RoleRequest, roleRequestOf } from '../identity-webhook/role-request.js'
import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { AssociationLookup } from '../model/association.js'
import { type Fact, known, moot, unknown } from '../model/fact.js'
import { type MaybePromise, thenMaybe } from '../model/maybe-promise.js'
import type { AccountLookup } from '../model/service-account.js'
import { isMutated, namespaceNotGiven, type Subject } from '../model/subject.js'
import type { TrustJudgement } from '../trust-policy/judge.js'
import type { AccountName, AssociationSource, Sources } from './facts.js'

/** Looks up the association of a subject's service account, if the service account and a source are known. */
export function askForAssociation<T>(
  subject: Subject,
  { associations }: Sources,
  ask: (associations: AssociationSource, account: AccountName) => MaybePromise<Fact<T>>
): MaybePromise<Fact<T>> {
  const account = accountNamedBy(subject)
  if (account === undefined) return noServiceAccount
  if (associations === undefined) return noAssociations
  if (subject.kind === 'ServiceAccount' && subject.ownToken !== undefined) return ownIdentityWins
  if (account.namespace === '') return unknown(namespaceNotGiven)
  // A name that does not end in a letter or digit is a generateName, so the final name is not known yet.
  if (!/[a-z0-9]$/.test(account.name)) return unknown('the name of the service account is not known yet')

  return ask(associations, account)
}

/**
 * The service account of a subject: the subject itself, the account that the subject runs as, or the account
 * that an association is for.
 */
export function accountNamedBy(subject: Subject): AccountName | undefined {
  if (subject.kind === 'ServiceAccount') return subject
  if (subject.kind === 'PodIdentityAssociation')
    return { namespace: subject.namespace, name: subject.association.serviceAccount }

  return 'pod' in subject ? { namespace: subject.namespace, name: subject.pod.serviceAccountName } : undefined
}

/**
 * A fact about IRSA, which is moot if the service account has an EKS Pod Identity association. A slow lookup
 * of the association does not delay the lookup in IAM.
 */
export function unlessAssociated<T>(
  associated: MaybePromise<Fact<AssociationLookup>>,
  lookUp: () => MaybePromise<Fact<T>>
): MaybePromise<Fact<T>> {
  if (!(associated instanceof Promise)) return isAssociated(associated) ? associationWins : lookUp()

  const answer = lookUp()
  return associated.then((associated) => (isAssociated(associated) ? associationWins : answer))
}

const isAssociated = (associated: Fact<AssociationLookup>): boolean =>
  associated.state === 'known' && associated.value.exists

/**
 * Whether a role trusts a service account through IRSA. If the service account is known to have no association,
 * it does not matter that the role trusts EKS Pod Identity.
 */
export function irsaTrust(
  trust: Fact<TrustJudgement>,
  associated: Fact<AssociationLookup>
): Fact<TrustJudgement> {
  if (trust.state !== 'known' || trust.value.podIdentity === 'none') return trust
  if (associated.state !== 'known' || associated.value.exists) return trust

  return known({ ...trust.value, hasAssociation: false }, earlierOf(trust.readAt, associated.readAt))
}

const earlierOf = (one: Date | undefined, other: Date | undefined): Date | undefined =>
  one === undefined || (other !== undefined && other < one) ? other : one

/** Which chain gives the pods of a service account their role. */
export function chainFact(
  subject: Subject,
  {
    account,
    associated,
    settings
  }: {
    account: MaybePromise<Fact<AccountLookup>>
    associated: MaybePromise<Fact<AssociationLookup>>
    settings: IdentityWebhookSettings
  }
): MaybePromise<Fact<Chain>> {
  const name = accountNamedBy(subject)
  if (name === undefined) return noServiceAccount

  return thenMaybe(associated, (associated) =>
    thenMaybe(account, (account) => {
      const chain = chainOf({
        request: requestOf(name, subject.kind === 'ServiceAccount' ? asAccount(subject) : account, settings),
        association: associated,
        ...('pod' in subject && { template: { pod: subject.pod, isMutated: isMutated(subject), settings } })
      })

      return known(chain, associated.state === 'known' ? associated.readAt : undefined)
    })
  )
}

const asAccount = ({ annotations }: Subject): Fact<AccountLookup> => known({ exists: true, annotations })

/** What a service account requests; undefined if it requests no role. */
export function requestOf(
  name: AccountName,
  account: Fact<AccountLookup>,
  settings: IdentityWebhookSettings
): Fact<RoleRequest | undefined> {
  if (account.state !== 'known') return account
  const annotations = account.value.exists ? account.value.annotations : {}
  if (settings.configured.state === 'unknown' && isConfiguredElsewhere(annotations, settings))
    return settings.configured

  return known(roleRequestOf({ ...name, annotations }, settings))
}

const noServiceAccount = moot('the object has no service account')
const noAssociations = moot('EKS Pod Identity associations were not given')
const associationWins = moot(
  'the service account has an EKS Pod Identity association, which wins over its role annotation'
)
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
const ownIdentityWins = moot(
  'AWS SDKs prefer the role and token of a pod template to an EKS Pod Identity association'
)
