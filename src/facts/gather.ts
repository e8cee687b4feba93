import {
  defaultIdentityWebhook,
  type IdentityWebhookSettings,
  withAudience
} from '../identity-webhook/settings.js'
import { after } from '../model/after.js'
import { type Fact, known, moot, unknown } from '../model/fact.js'
import { parseIssuerPartition } from '../model/issuer.js'
import { isRoleAllowed } from '../model/namespace.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import type { Subject } from '../model/subject.js'
import { controlPlaneWebhooksOf } from '../model/webhook-configuration.js'
import { hideOthers } from '../trust-policy/hide-others.js'
import { readBundle } from '../x509/bundle.js'
import { newestGo } from '../x509/go-version.js'
import type {
  Answer,
  Ask,
  Facts,
  FactTypes,
  GatheredNeed,
  IamSource,
  Need,
  Sources,
  Within
} from './facts.js'
import { podRoleFact } from './pod-role.js'
import { trustOf } from './trust.js'
import { backendsOf, canaryOf, identityWebhooksFor, injectedCertificateOf } from './webhook-facts.js'

/**
 * Gathers just the facts that are needed, in parallel, each once; at once when all are at hand. Never throws:
 * what did not answer within the time is unknown. `fresh` wants no answer of IAM that is older than ten
 * seconds; without `at`, nothing is said of dates in trust policies.
 */
export function gatherFacts(
  subject: Subject,
  needs: Iterable<Need>,
  sources: Sources,
  { within, at, fresh = false }: { within: Within; at?: Date; fresh?: boolean }
): Facts | Promise<Facts> {
  const gathering = new Gathering(
    subject,
    sources,
    new Asking('namespace' in subject ? subject.namespace : '', within, fresh),
    at
  )
  const facts: { -readonly [N in Need]?: unknown } = {}
  const late: Promise<void>[] = []
  for (const need of needs) {
    if (need === 'now') continue
    const answer = gathering.get(need)
    if (answer instanceof Promise) late.push(answer.then((fact) => void (facts[need] = fact)))
    else facts[need] = answer
  }
  const gathered = facts as Facts // each need's fact comes from its own gatherer

  return late.length === 0 ? gathered : Promise.all(late).then(() => gathered)
}

/** What a gatherer works with. A class, because a review has no time to make closures. */
class Gathering {
  readonly subject: Subject
  readonly sources: Sources
  readonly ask: Ask
  readonly at: Date | undefined
  /** The role that is asked for; undefined when there is none or its ARN is malformed. */
  readonly arn: RoleArn | undefined
  readonly #answers: { [N in GatheredNeed]?: Answer<unknown> } = {}
  #target: Target | Promise<Target> | undefined

  constructor(subject: Subject, sources: Sources, ask: Ask, at: Date | undefined) {
    this.subject = subject
    this.sources = sources
    this.ask = ask
    this.at = at
    this.arn = roleArnOf(subject, sources)
  }

  /** Each fact is gathered once for a subject, whoever needs it. */
  get<N extends GatheredNeed>(need: N): Answer<FactTypes[N]> {
    const answer = (this.#answers[need] ??= gatherers[need](this))

    return answer as Answer<FactTypes[N]> // each need's answer comes from its own gatherer
  }

  /** What `lookupOf` says; the role and the provider both ask. */
  get target(): Target | Promise<Target> {
    return (this.#target ??= lookupOf(this))
  }
}

/** Passes the signal on unseen. A class, because a getter in a literal is defined anew for every review. */
class Asking implements Ask {
  readonly namespace: string
  readonly fresh: boolean
  readonly #within: Within

  constructor(namespace: string, within: Within, fresh: boolean) {
    this.namespace = namespace
    this.fresh = fresh
    this.#within = within
  }

  get signal(): AbortSignal {
    return this.#within.signal
  }
}

const gatherers: { readonly [N in GatheredNeed]: (gathering: Gathering) => Answer<FactTypes[N]> } = {
  role(gathering) {
    return after(gathering.target, (target) =>
      'state' in target ? target : target.iam.readRole(target.arn, gathering.ask)
    )
  },

  trust(gathering) {
    const { subject, arn, sources, at } = gathering
    if (arn === undefined || subject.kind !== 'ServiceAccount') return noRole

    const role = gathering.get('role')
    const issuer = gathering.get('issuer') // both are under way before either is waited for
    const settings = identityWebhookOf(sources)
    return after(role, (role) =>
      after(issuer, (issuer) => {
        const trust = trustOf(role, { subject, arn, issuer, settings, at })
        // Who asks at admission may see one namespace, whoever runs a command has the trust policies anyway.
        return trust.state === 'known' && subject.stage === 'admitted'
          ? known(hideOthers(trust.value, subject.namespace))
          : trust
      })
    )
  },

  provider(gathering) {
    return after(gathering.target, (target) => {
      if ('state' in target) return target
      const { iam, arn } = target

      return after(gathering.get('issuer'), (issuer) =>
        issuer.state === 'known'
          ? iam.readProvider(
              { account: arn.account, partition: arn.partition, issuer: issuer.value },
              gathering.ask
            )
          : issuer
      )
    })
  },

  clusterPartition(gathering) {
    if (gathering.arn === undefined) return noRole

    return after(gathering.get('issuer'), (issuer) => {
      if (issuer.state !== 'known') return issuer
      const partition = parseIssuerPartition(issuer.value)

      return partition === undefined
        ? unknown('the issuer of the cluster is not one of EKS, so it tells no partition')
        : known(partition)
    })
  },

  issuer({ sources, ask }) {
    if (sources.issuer !== undefined) return known(sources.issuer)
    if (sources.cluster === undefined) return unknown('the issuer of the cluster is not known')

    return sources.cluster.readIssuer(ask)
  },

  namespace({ subject, sources, ask }) {
    const namespaces = sources.namespaces ?? sources.cluster
    if (namespaces === undefined) return moot('there is no cluster to ask')
    if (!('namespace' in subject)) return moot('it is in no namespace')

    return namespaces.readNamespace(subject.namespace, ask)
  },

  clusterCa({ subject, sources: { clusterCa } }) {
    if (!('webhooks' in subject) || controlPlaneWebhooksOf(subject).length === 0) {
      return moot('no webhook of it is served with a certificate of the cluster CA')
    }
    if (clusterCa === undefined) return unknown('the CA of the cluster is not known')
    if (readBundle(Buffer.from(clusterCa), newestGo).certificates.length === 0)
      return unknown('the CA of the cluster is not readable PEM')

    return known(clusterCa)
  },

  podsEnforced(gathering) {
    // A namespace that nobody could read denies nothing, but its pods are still judged.
    return after(gathering.get('namespace'), (namespace) =>
      known(namespace.state === 'known' && namespace.value.podsEnforced)
    )
  },

  account({ subject, sources, ask }) {
    if (!('pod' in subject)) return runsAsNobody
    if (sources.accounts === undefined) return unknown('no facts about service accounts were given')

    return sources.accounts.readAccount(subject.namespace, subject.pod.serviceAccountName, ask)
  },

  podRole(gathering) {
    const { subject, sources } = gathering
    if (!('pod' in subject)) return runsAsNobody

    return after(gathering.get('account'), (account) =>
      podRoleFact(subject, account, identityWebhookOf(sources))
    )
  },

  identityWebhook({ sources }) {
    return known(identityWebhookOf(sources))
  },

  neighbours({ subject, sources }) {
    if (!('namespace' in subject)) return moot('it is in no namespace')

    return (
      sources.neighbours?.neighboursOf(subject.namespace, subject.name) ??
      moot('the other objects are not in sight')
    )
  },

  rolesTrusting(gathering) {
    const { subject, sources } = gathering
    const { trustingRoles } = sources
    if (trustingRoles === undefined || !('namespace' in subject)) return moot('no trust policies were given')

    return after(gathering.get('issuer'), (issuer) =>
      issuer.state === 'known' ? trustingRoles.rolesTrusting(subject, issuer.value) : issuer
    )
  },

  identityWebhooks: ({ subject, sources, ask }) => identityWebhooksFor(subject, sources, ask),
  backends: ({ subject, sources, ask }) => backendsOf(subject, sources, ask),
  injectedCertificate: ({ subject, sources, ask }) => injectedCertificateOf(subject, sources, ask),
  canary: ({ subject, sources }) => canaryOf(subject, sources)
}

function identityWebhookOf({
  identityWebhook = defaultIdentityWebhook,
  audience
}: Sources): IdentityWebhookSettings {
  return withAudience(identityWebhook, audience)
}

/**
 * The role that IAM may be asked about, and whom to ask; else why nobody is asked. What its namespace may not
 * use is never looked up, nor is anything for a namespace that could not be read: whoever may dry-run a
 * service account would read trust policies with our rights.
 */
function lookupOf(gathering: Gathering): Target | Promise<Target> {
  const { arn, sources } = gathering
  const { iam } = sources
  if (arn === undefined) return noRole

  const namespace = gathering.get('namespace')
  const partition = gathering.get('clusterPartition')
  return after(namespace, (namespace) =>
    after(partition, (partition): Target => {
      if (namespace.state === 'unknown')
        return unknown(`${namespace.because}, so it is not known which roles it may use`)
      if (namespace.state === 'known' && !isRoleAllowed(namespace.value, arn.text)) return notPermitted
      if (iam === undefined) return unknown('no facts about IAM were given')
      if (partition.state === 'known' && partition.value !== arn.partition) return otherPartition

      return { arn, iam }
    })
  )
}

type Target = { readonly arn: RoleArn; readonly iam: IamSource } | Fact<never>

const notPermitted = moot('the namespace may not use the role')
const otherPartition = moot('the role is in another partition than the cluster')
const runsAsNobody = moot('it runs as nobody')
const noRole = moot('no role is asked for, or its ARN is malformed')

function roleArnOf(
  subject: Subject,
  { identityWebhook = defaultIdentityWebhook }: Sources
): RoleArn | undefined {
  if (subject.kind !== 'ServiceAccount') return undefined
  const value = subject.annotations[identityWebhook.annotationNames['role-arn']]

  return typeof value === 'string' ? parseRoleArn(value) : undefined
}
