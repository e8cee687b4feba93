import { ownIdentitiesOf } from '../identity-webhook/own-identity.js'
import { known, moot, unknown } from '../model/fact.js'
import { thenMaybe } from '../model/maybe-promise.js'
import { accountNamedBy } from './associations.js'
import type { Gatherers } from './gatherer.js'
import { identityWebhookOf } from './identity-webhook.js'
import { podRoleFact } from './pod-role.js'

/** The facts about a pod or pod template, and about related objects. */
export const podFacts: Gatherers<'account' | 'podRole' | 'ownIdentities' | 'neighbours' | 'dataKeys'> = {
  account({ subject, sources, lookup }) {
    const account = accountNamedBy(subject)
    if (account === undefined || subject.kind === 'ServiceAccount') return noPod
    if (sources.accounts === undefined) return unknown('no facts about service accounts were given')
    if (account.name === '') return unknown('the association does not name its service account')

    return sources.accounts.readAccount(account.namespace, account.name, lookup.deadline)
  },

  podRole(gatherer) {
    const { subject, sources } = gatherer
    if (!('pod' in subject)) return noPod

    const account = gatherer.get('account') // both lookups start before either is awaited
    return thenMaybe(gatherer.get('associated'), (associated) =>
      thenMaybe(account, (account) =>
        podRoleFact(subject, { account, associated, settings: identityWebhookOf(sources) })
      )
    )
  },

  ownIdentities(gatherer) {
    const { subject, sources } = gatherer
    if (!('pod' in subject)) return noPod

    return thenMaybe(gatherer.get('podRole'), (podRole) => {
      const request =
        podRole.state === 'known' && podRole.value.chain === 'irsa' ? podRole.value.request : undefined
      return known(ownIdentitiesOf(subject.pod, request, identityWebhookOf(sources)))
    })
  },

  neighbours({ subject, sources }) {
    if (!('namespace' in subject)) return moot('the object has no namespace')

    return (
      sources.neighbours?.neighboursOf(subject.namespace, subject.name) ??
      moot('the other objects are not available')
    )
  },

  dataKeys({ subject, sources }) {
    return known(('namespace' in subject && sources.dataKeys?.get(subject.namespace)) || new Map())
  }
}

const noPod = moot('the object has no pod')
