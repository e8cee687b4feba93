import type { Association } from '../model/association.js'
import { type Fact, known, moot } from '../model/fact.js'
import { type MaybePromise, thenMaybe } from '../model/maybe-promise.js'
import { askForAssociation, chainFact } from './associations.js'
import type { Gatherer, Gatherers } from './gatherer.js'
import { identityWebhookOf } from './identity-webhook.js'
import { associatedRoleOf, noTargetRole, podIdentityTrustOf, targetTrustOf } from './pod-identity-trust.js'

/** The facts about the EKS Pod Identity association of a service account. */
export const podIdentityFacts: Gatherers<
  | 'associated'
  | 'association'
  | 'chain'
  | 'podIdentityAgent'
  | 'podIdentityRole'
  | 'targetRole'
  | 'podIdentityTrust'
  | 'targetTrust'
> = {
  associated: ({ subject, sources, lookup }) =>
    subject.kind === 'PodIdentityAssociation'
      ? known({ exists: true, since: undefined })
      : askForAssociation(subject, sources, (associations, account) =>
          associations.findAssociation(account, lookup)
        ),

  association(gatherer) {
    const { subject, sources, lookup } = gatherer
    if (subject.kind === 'PodIdentityAssociation') return known(subject.association)

    return thenMaybe(gatherer.get('associated'), (associated) => {
      if (associated.state === 'moot') return associated
      if (associated.state === 'unknown' || !associated.value.exists) return noAssociation

      return askForAssociation(subject, sources, (associations, account) =>
        associations.readAssociation(account, lookup)
      )
    })
  },

  chain(gatherer) {
    return chainFact(gatherer.subject, {
      account: gatherer.get('account'),
      associated: gatherer.get('associated'),
      settings: identityWebhookOf(gatherer.sources)
    })
  },

  podIdentityAgent: ({ sources: { podIdentityAgent } }) =>
    podIdentityAgent === undefined
      ? moot('the nodes and DaemonSets of a cluster were not given')
      : known(podIdentityAgent),

  podIdentityRole: (gatherer) =>
    thenMaybe(judgedAssociationOf(gatherer), (found) =>
      found.state === 'known' ? associatedRoleOf(found.value.roleArn, gatherer) : found
    ),

  targetRole: (gatherer) =>
    thenMaybe(judgedAssociationOf(gatherer), (found) => {
      if (found.state !== 'known') return found
      const { targetRoleArn } = found.value

      return targetRoleArn === undefined ? noTargetRole : associatedRoleOf(targetRoleArn, gatherer)
    }),

  podIdentityTrust: (gatherer) => podIdentityTrustOf(judgedAssociationOf(gatherer), gatherer),

  targetTrust: (gatherer) => targetTrustOf(judgedAssociationOf(gatherer), gatherer)
}

/**
 * The association that is judged for a subject. If a given object describes the association, it is judged for
 * that object only.
 */
function judgedAssociationOf(gatherer: Gatherer): MaybePromise<Fact<Association>> {
  const { kind } = gatherer.subject
  if (kind !== 'ServiceAccount' && kind !== 'PodIdentityAssociation') return noAssociation

  return thenMaybe(gatherer.get('association'), (found) =>
    found.state === 'known' && found.value.fromObject === true ? judgedElsewhere : found
  )
}

// This fact is moot even if it is not known whether a service account has an association. Rules that need
// `associated`, such as pod-identity-and-annotation, are then reported as not checked, so the rules that need
// the association itself do not have to be reported as well.
const noAssociation = moot('no EKS Pod Identity association is known for the object')
const judgedElsewhere = moot('the object that describes the association is judged instead')
