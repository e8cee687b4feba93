import { identityWebhookNames } from '../../model/webhook-configuration.js'
import { brokenStates } from '../afterwards.js'
import type { Assessment } from '../assessment.js'
import type { ConfigurationFinding } from '../configuration-findings.js'
import { identityConfigurationOf } from '../event.js'

/**
 * Rules whose findings explain why an API server does not call an identity webhook, or gets no usable
 * response from it.
 */
const explaining: ReadonlySet<string> = new Set([
  'identity-webhook-misses-pods',
  'review-version-unsupported',
  'webhook-backend-missing',
  'ca-injection-broken'
])
const maxShown = 3

/**
 * Why the identity webhook might not mutate pods, based on the last round's findings about its configuration.
 * Undefined if no cause is known.
 */
export function canaryCauseOf({
  configurations,
  assessments,
  findings
}: {
  readonly configurations: readonly unknown[]
  readonly assessments: readonly Assessment[]
  readonly findings: readonly ConfigurationFinding[]
}): string | undefined {
  if (configurations.length === 0) return undefined // not read yet; later, the list always contains our own configurations
  if (identityConfigurationOf(configurations) === undefined)
    return 'no identity webhook is registered in the cluster'

  const identity = assessments.filter(({ guarded }) => identityWebhookNames.includes(guarded.webhook.name))
  const bundles = identity
    .filter(({ state }) => brokenStates.has(state))
    .map(({ guarded, state, because }) => `the caBundle of ${guarded.webhook.name} is ${state}: ${because}`)
  const places = new Set(identity.map(({ guarded: { configuration: at } }) => `${at.kind} ${at.name}`))
  const found = findings
    .filter(({ rule, about }) => explaining.has(rule) && about && places.has(`${about.kind} ${about.name}`))
    .map(({ rule, message, fix }) => `${rule}: ${message}; fix: ${fix}`)
  const causes = [...bundles, ...found]

  return causes.length === 0 ? undefined : causes.slice(0, maxShown).join('; ')
}
