import { caInjectionsOf, ignoredInjectionsOf } from '../ca-bundle/injection.js'
import { exclusionsOf } from '../identity-webhook/coverage.js'
import {
  lookalikesOf,
  type RegisteredWebhook,
  registeredWebhooksOf
} from '../identity-webhook/registrations.js'
import { roleRequestOf } from '../identity-webhook/role-request.js'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import type { Deadline } from '../model/deadline.js'
import { type Fact, known, moot, unknown } from '../model/fact.js'
import { type MaybePromise, thenMaybe } from '../model/maybe-promise.js'
import type { Subject } from '../model/subject.js'
import {
  identityWebhooksOf,
  serviceKeyOf,
  type WebhookConfigurationSubject
} from '../model/webhook-configuration.js'
import type { FactTypes, Sources } from './facts.js'
import type { Backend, WebhooksInSight } from './webhooks.js'

/**
 * The identity webhooks of the cluster in call order. For a service account, they are known only if
 * irsa-guard can see all webhook configurations.
 */
export function identityWebhooksFor(
  subject: Subject,
  sources: Sources,
  deadline: Deadline
): MaybePromise<Fact<readonly RegisteredWebhook[]>> {
  if ('webhooks' in subject) return identityWebhooksBeside(subject, sources, deadline)
  if (sources.webhooks === undefined) return notInSight

  return thenMaybe(sources.webhooks.readConfigurations(deadline.signal), (seen) =>
    registeredIn(seen, sources)
  )
}

async function identityWebhooksBeside(
  subject: WebhookConfigurationSubject,
  sources: Sources,
  { signal }: Deadline
): Promise<Fact<readonly RegisteredWebhook[]>> {
  if (identityWebhooksOf(subject).length === 0) return moot('no identity webhook is registered here')

  const seen = await sources.webhooks?.readConfigurations(signal)
  // The object under review replaces the version in the cluster.
  const others =
    seen?.state === 'known'
      ? seen.value.configurations.filter(({ kind, name }) => kind !== subject.kind || name !== subject.name)
      : []
  const registered = registeredWebhooksOf([subject, ...others])

  return seen?.state === 'unknown' && registered.length === 1 ? seen : known(registered)
}

function registeredIn(seen: Fact<WebhooksInSight>, sources: Sources): Fact<readonly RegisteredWebhook[]> {
  if (seen.state !== 'known') return seen
  if (!seen.value.complete) return notInSight

  const registered = registeredWebhooksOf(seen.value.configurations)
  if (registered.length > 0) return known(registered)

  const [lookalike] = lookalikesOf(seen.value.configurations)
  if (lookalike !== undefined)
    return unknown(`mutatingwebhookconfiguration ${lookalike} may be an identity webhook under another name`)
  const canary = sources.canary?.()
  if (canary?.state === 'known' && canary.value.failing.length < canary.value.proved) {
    return unknown(
      'the canary pod gets its role, although no identity webhook is registered under a known name'
    )
  }

  return known(registered)
}

const notInSight = moot('not all webhook configurations of the cluster are available')

/** The pods that request a role and that the registrations of identity webhooks exclude. */
export async function podsWithRoleIn(
  subject: Subject,
  { pods = [], accounts, identityWebhook = defaultIdentityWebhook }: Sources,
  deadline: Deadline
): Promise<Fact<FactTypes['podsWithRole']>> {
  if (!('webhooks' in subject)) return moot('the object registers no webhooks')

  const exclusions = identityWebhooksOf(subject).flatMap(exclusionsOf)
  const excluded = pods.filter((pod) => exclusions.some((exclusion) => exclusion.covers(pod)))
  const requesting = await Promise.all(
    excluded.map(async ({ namespace, serviceAccountName: name }) => {
      const account = await accounts?.readAccount(namespace, name, deadline)
      return (
        account?.state === 'known' &&
        account.value.exists &&
        roleRequestOf({ namespace, name, annotations: account.value.annotations }, identityWebhook) !==
          undefined
      )
    })
  )

  return known(excluded.filter((_, index) => requesting[index] === true))
}

/**
 * The Services of a webhook configuration. Services that could not be read are left out; if none could be
 * read, the fact is not known.
 */
export async function backendsOf(
  subject: Subject,
  { webhooks: source }: Sources,
  deadline: Deadline
): Promise<Fact<ReadonlyMap<string, Backend>>> {
  const services = 'webhooks' in subject ? subject.webhooks.flatMap(({ service }) => service ?? []) : []
  if (services.length === 0) return moot('no webhook of this configuration refers to a Service')
  if (source === undefined) return moot('Services are not looked up')

  const byKey = new Map(services.map((service) => [serviceKeyOf(service), service]))
  const answers = await Promise.all(
    Array.from(byKey, async ([key, service]) => ({
      key,
      fact: await source.readBackend(service, deadline.signal)
    }))
  )
  const backends = new Map(
    answers.flatMap(({ key, fact }) => (fact.state === 'known' ? [[key, fact.value] as const] : []))
  )
  const [open] = answers.flatMap(({ fact }) => (fact.state === 'known' ? [] : [fact]))

  return backends.size === 0 && open !== undefined ? open : known(backends)
}

/**
 * If an inject annotation names a Certificate: whether it exists. If it names a Secret that was given: whether
 * the Secret allows the injection. Secrets in a cluster are never looked up, because irsa-guard has no
 * permission to read them.
 */
export async function injectionSourceOf(
  subject: Subject,
  { webhooks: source }: Sources,
  deadline: Deadline
): Promise<Fact<FactTypes['injectionSource']>> {
  const annotations = 'webhooks' in subject ? subject.annotations : {}
  const [injections, ignored] = [caInjectionsOf(annotations), ignoredInjectionsOf(annotations)]
  if (injections.length === 0 && ignored.length === 0) return moot('no injector is requested')

  const [reference] = injections.flatMap(({ reference }) => reference ?? [])
  if (reference === undefined || source === undefined) return known('unseen')
  if (reference.kind === 'Secret') {
    const consent = source.allowsInjection?.(reference)
    return known(consent?.state !== 'known' ? 'unseen' : consent.value ? 'exists' : 'forbids')
  }

  const found = await source.readCertificate(reference, deadline.signal)
  if (found.state === 'known') return known(found.value ? 'exists' : 'missing')

  // In a cluster, the caBundle itself shows whether the injection worked.
  return subject.stage === 'running' ? known('unseen') : found
}

/** What the canary found, for a configuration that registers an identity webhook. */
export function canaryOf(subject: Subject, { canary }: Sources): Fact<FactTypes['canary']> {
  if (!('webhooks' in subject) || identityWebhooksOf(subject).length === 0)
    return moot('no identity webhook is registered here')

  return canary?.() ?? moot('no canary pod is sent')
}
