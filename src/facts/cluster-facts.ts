import { expectedClusterCasOf } from '../ca-bundle/published-sets.js'
import { known, moot } from '../model/fact.js'
import { thenMaybe } from '../model/maybe-promise.js'
import { controlPlaneWebhooksOf } from '../model/webhook-configuration.js'
import type { Gatherers } from './gatherer.js'
import { identityWebhookOf } from './identity-webhook.js'
import {
  backendsOf,
  canaryOf,
  identityWebhooksFor,
  injectionSourceOf,
  podsWithRoleIn
} from './webhook-facts.js'

/** The facts about the cluster: its namespaces, its CA and its webhooks. */
export const clusterFacts: Gatherers<
  | 'namespace'
  | 'podsEnforced'
  | 'clusterCa'
  | 'identityWebhook'
  | 'identityWebhooks'
  | 'podsWithRole'
  | 'backends'
  | 'injectionSource'
  | 'canary'
> = {
  namespace({ subject, sources, lookup }) {
    const namespaces = sources.namespaces ?? sources.cluster
    if (namespaces === undefined) return moot('there is no cluster to query')
    if (!('namespace' in subject)) return moot('the object has no namespace')

    return namespaces.readNamespace(subject.namespace, lookup.deadline)
  },

  podsEnforced(gatherer) {
    // If the namespace could not be read, nothing is denied, but its pods are still judged.
    return thenMaybe(gatherer.get('namespace'), (namespace) =>
      known(namespace.state === 'known' && namespace.value.podsEnforced)
    )
  },

  clusterCa({ subject, sources: { clusterCa, expectedCas }, lookup }) {
    const [webhook] = 'webhooks' in subject ? controlPlaneWebhooksOf(subject) : []
    if (webhook === undefined)
      return moot('no webhook of this configuration serves a certificate that the cluster CA signed')

    return clusterCa === undefined && expectedCas !== undefined
      ? expectedCas.readExpectedCas(webhook.name, lookup.deadline)
      : expectedClusterCasOf(webhook.name, [], clusterCa)
  },

  identityWebhook({ sources }) {
    return known(identityWebhookOf(sources))
  },

  identityWebhooks: ({ subject, sources, lookup }) => identityWebhooksFor(subject, sources, lookup.deadline),

  podsWithRole: ({ subject, sources, lookup }) => podsWithRoleIn(subject, sources, lookup.deadline),

  backends: ({ subject, sources, lookup }) => backendsOf(subject, sources, lookup.deadline),

  injectionSource: ({ subject, sources, lookup }) => injectionSourceOf(subject, sources, lookup.deadline),

  canary: ({ subject, sources }) => canaryOf(subject, sources)
}
