import { ownIdentitiesOf } from '../identity-webhook/own-identity.js'
import { roleRequestOf } from '../identity-webhook/role-request.js'
import {
  defaultIdentityWebhook,
  type IdentityWebhookSettings,
  withAudience
} from '../identity-webhook/settings.js'
import type { Association } from '../model/association.js'
import type { Deadline } from '../model/deadline.js'
import { type Fact, known, moot, unknown } from '../model/fact.js'
import { notInTokens, parseIssuerPartition } from '../model/issuer.js'
import { type MaybePromise, thenMaybe } from '../model/maybe-promise.js'
import { isRoleAllowed } from '../model/namespace.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { namespaceNotGiven, type Subject } from '../model/subject.js'
import { controlPlaneWebhooksOf } from '../model/webhook-configuration.js'
import { hideOthers } from '../trust-policy/hide-others.js'
import { parseBundle } from '../x509/bundle.js'
import { newestGo } from '../x509/go-version.js'
import { accountNamedBy, askForAssociation, chainFact, irsaTrust, unlessAssociated } from './associations.js'
import type {
  Facts,
  FactTypes,
  GatheredNeed,
  IamSource,
  Lookup,
  Need,
  ProviderLookup,
  Sources
} from './facts.js'
import { associatedRoleOf, noTargetRole, podIdentityTrustOf, targetTrustOf } from './pod-identity-trust.js'
import { podRoleFact } from './pod-role.js'
import { trustOf } from './trust.js'
import {
  backendsOf,
  canaryOf,
  identityWebhooksFor,
  injectionSourceOf,
  podsWithRoleIn
} from './webhook-facts.js'

/**
 * Gathers only the needed facts, in parallel, each once; synchronously if all are available. Never throws: a
 * fact without an answer in time is unknown. `fresh` requires answers from IAM and EKS less than ten seconds
 * old; without `at`, dates in trust policies are not evaluated.
 */
export function gatherFacts(
  subject: Subject,
  needs: Iterable<Need>,
  sources: Sources,
  { deadline, at, fresh = false }: { deadline: Deadline; at?: Date; fresh?: boolean }
): MaybePromise<Facts> {
  const gatherer = new FactGatherer(
    subject,
    sources,
    { namespace: 'namespace' in subject ? subject.namespace : '', deadline, fresh },
    at
  )
  const facts: { -readonly [N in Need]?: unknown } = {}
  const late: Promise<void>[] = []
  for (const need of needs) {
    if (need === 'now') continue
    const answer = gatherer.get(need)
    if (answer instanceof Promise) late.push(answer.then((fact) => void (facts[need] = fact)))
    else facts[need] = answer
  }
  const gathered = facts as Facts // each need's fact comes from its own gatherer

  return late.length === 0 ? gathered : Promise.all(late).then(() => gathered)
}

/**
 * Gathers the facts for one subject. It is a class, because creating closures would slow down each review.
 */
class FactGatherer {
  readonly subject: Subject
  readonly sources: Sources
  readonly lookup: Lookup
  readonly at: Date | undefined
  /** The requested role; undefined if there is none, or if its ARN is malformed or not fully known. */
  readonly arn: RoleArn | undefined
  readonly #answers: { [N in GatheredNeed]?: MaybePromise<Fact<unknown>> } = {}
  #target: MaybePromise<Target> | undefined

  constructor(subject: Subject, sources: Sources, lookup: Lookup, at: Date | undefined) {
    this.subject = subject
    this.sources = sources
    this.lookup = lookup
    this.at = at
    this.arn = roleArnOf(subject, sources)
  }

  /** Each fact is gathered once per subject, however many rules need it. */
  get<N extends GatheredNeed>(need: N): MaybePromise<Fact<FactTypes[N]>> {
    const answer = (this.#answers[need] ??= gatherers[need](this))

    return answer as MaybePromise<Fact<FactTypes[N]>> // each need's answer comes from its own gatherer
  }

  /** The result of `lookupOf`, which both the role and the provider use. */
  get target(): MaybePromise<Target> {
    return (this.#target ??= lookupOf(this))
  }
}

const gatherers: {
  readonly [N in GatheredNeed]: (gatherer: FactGatherer) => MaybePromise<Fact<FactTypes[N]>>
} = {
  role(gatherer) {
    return unlessAssociated(gatherer.get('associated'), () =>
      thenMaybe(gatherer.target, (target) =>
        'state' in target ? target : target.iam.readRole(target.arn, gatherer.lookup)
      )
    )
  },

  trust(gatherer) {
    const { subject, arn, sources, at } = gatherer
    if (arn === undefined || subject.kind !== 'ServiceAccount') return noRole

    const role = gatherer.get('role')
    const issuer = gatherer.get('issuer') // all lookups start before any is awaited
    const associated = gatherer.get('associated')
    const settings = identityWebhookOf(sources)
    return thenMaybe(role, (role) =>
      thenMaybe(issuer, (issuer) =>
        thenMaybe(associated, (associated) => {
          const trust = irsaTrust(trustOf(role, { subject, arn, issuer, settings, at }), associated)
          // At admission, the user might have access to only one namespace. Users of a command already have
          // the policies.
          return trust.state === 'known' && subject.stage === 'admitted'
            ? known(hideOthers(trust.value, subject.namespace), trust.readAt)
            : trust
        })
      )
    )
  },

  provider(gatherer) {
    const trust = gatherer.get('trust') // both lookups run in parallel
    const provider = unlessAssociated(gatherer.get('associated'), () =>
      thenMaybe(gatherer.target, (target): MaybePromise<Fact<ProviderLookup>> => {
        if ('state' in target) return target
        const { iam, arn } = target

        return thenMaybe(gatherer.get('issuer'), (issuer) =>
          issuer.state === 'known'
            ? iam.readProvider(
                { account: arn.account, partition: arn.partition, issuer: issuer.value },
                gatherer.lookup
              )
            : issuer
        )
      })
    )

    return thenMaybe(provider, (provider) =>
      thenMaybe(trust, (trust) =>
        trust.state === 'known' && trust.value.podIdentity === 'only' ? forPodIdentity : provider
      )
    )
  },

  clusterPartition(gatherer) {
    if (gatherer.arn === undefined) return noRole

    // The host of the given issuer names the region even if tokens contain another issuer.
    const { issuer: given } = gatherer.sources
    return thenMaybe(given === undefined ? gatherer.get('issuer') : known(given), (issuer) => {
      if (issuer.state !== 'known') return issuer
      const partition = parseIssuerPartition(issuer.value)

      return partition === undefined
        ? unknown("the cluster's issuer is not an EKS issuer, so its AWS partition is unknown")
        : known(partition)
    })
  },

  issuer({ sources, lookup }) {
    if (sources.issuer !== undefined) {
      const other = notInTokens(sources.issuer)

      return other === undefined ? known(sources.issuer) : unknown(other)
    }
    if (sources.cluster === undefined)
      return unknown('the issuer of the cluster is not known (pass --issuer URL)')

    return sources.cluster.readIssuer(lookup.deadline)
  },

  namespace({ subject, sources, lookup }) {
    const namespaces = sources.namespaces ?? sources.cluster
    if (namespaces === undefined) return moot('there is no cluster to query')
    if (!('namespace' in subject)) return moot('the object has no namespace')

    return namespaces.readNamespace(subject.namespace, lookup.deadline)
  },

  clusterCa({ subject, sources: { clusterCa } }) {
    if (!('webhooks' in subject) || controlPlaneWebhooksOf(subject).length === 0) {
      return moot('no webhook of this configuration serves a certificate that the cluster CA signed')
    }
    if (clusterCa === undefined) return unknown('the cluster CA is unknown')
    if (parseBundle(Buffer.from(clusterCa), newestGo).certificates.length === 0)
      return unknown('the cluster CA is not readable PEM')

    return known(clusterCa)
  },

  podsEnforced(gatherer) {
    // If the namespace could not be read, nothing is denied, but its pods are still judged.
    return thenMaybe(gatherer.get('namespace'), (namespace) =>
      known(namespace.state === 'known' && namespace.value.podsEnforced)
    )
  },

  account({ subject, sources, lookup }) {
    const account = accountNamedBy(subject)
    if (account === undefined || subject.kind === 'ServiceAccount') return runsAsNobody
    if (sources.accounts === undefined) return unknown('no facts about service accounts were given')
    if (account.name === '') return unknown('the association does not name its service account')

    return sources.accounts.readAccount(account.namespace, account.name, lookup.deadline)
  },

  podRole(gatherer) {
    const { subject, sources } = gatherer
    if (!('pod' in subject)) return runsAsNobody

    const account = gatherer.get('account') // both lookups start before either is awaited
    return thenMaybe(gatherer.get('associated'), (associated) =>
      thenMaybe(account, (account) =>
        podRoleFact(subject, { account, associated, settings: identityWebhookOf(sources) })
      )
    )
  },

  ownIdentities(gatherer) {
    const { subject, sources } = gatherer
    if (!('pod' in subject)) return runsAsNobody

    return thenMaybe(gatherer.get('podRole'), (podRole) => {
      const request =
        podRole.state === 'known' && podRole.value.chain === 'irsa' ? podRole.value.request : undefined
      return known(ownIdentitiesOf(subject.pod, request, identityWebhookOf(sources)))
    })
  },

  identityWebhook({ sources }) {
    return known(identityWebhookOf(sources))
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
  },

  rolesTrusting(gatherer) {
    const { subject, sources } = gatherer
    const { trustingRoles } = sources
    if (trustingRoles === undefined || !('namespace' in subject)) return moot('no trust policies were given')
    if (subject.namespace === '') return unknown(namespaceNotGiven)

    return thenMaybe(gatherer.get('issuer'), (issuer) =>
      issuer.state === 'known' ? trustingRoles.rolesTrusting(subject, issuer.value) : issuer
    )
  },

  identityWebhooks: ({ subject, sources, lookup }) => identityWebhooksFor(subject, sources, lookup.deadline),
  podsWithRole: ({ subject, sources, lookup }) => podsWithRoleIn(subject, sources, lookup.deadline),
  backends: ({ subject, sources, lookup }) => backendsOf(subject, sources, lookup.deadline),
  injectionSource: ({ subject, sources, lookup }) => injectionSourceOf(subject, sources, lookup.deadline),
  canary: ({ subject, sources }) => canaryOf(subject, sources),

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
function judgedAssociationOf(gatherer: FactGatherer): MaybePromise<Fact<Association>> {
  const { kind } = gatherer.subject
  if (kind !== 'ServiceAccount' && kind !== 'PodIdentityAssociation') return noAssociation

  return thenMaybe(gatherer.get('association'), (found) =>
    found.state === 'known' && found.value.fromObject === true ? judgedElsewhere : found
  )
}

// If it is not known whether a service account has an association, pod-identity-and-annotation is reported as
// not checked, and that is enough.
const noAssociation = moot('no EKS Pod Identity association is known for the object')
const judgedElsewhere = moot('the object that describes the association is judged instead')

/** The settings of the identity webhook, as far as they are known. */
export function identityWebhookOf({
  identityWebhook = defaultIdentityWebhook,
  audience
}: Sources): IdentityWebhookSettings {
  return withAudience(identityWebhook, audience)
}

/**
 * The role to look up, and the source; otherwise the reason why nothing is looked up. A role that the
 * namespace is not allowed to use is never looked up, and nothing is looked up for a namespace that could not
 * be read. Without this limit, any user who can dry-run a service account could read trust policies with
 * irsa-guard's permissions.
 */
function lookupOf(gatherer: FactGatherer): MaybePromise<Target> {
  const { arn, sources } = gatherer
  const { iam } = sources
  if (arn === undefined) return noRole

  const namespace = gatherer.get('namespace')
  const partition = gatherer.get('clusterPartition')
  return thenMaybe(namespace, (namespace) =>
    thenMaybe(partition, (partition): Target => {
      if (namespace.state === 'unknown')
        return unknown(`${namespace.because}, so the roles that the namespace may use are unknown`)
      if (namespace.state === 'known' && !isRoleAllowed(namespace.value, arn.text)) return notPermitted
      if (iam === undefined) return unknown('no facts about IAM were given (pass --iam FILE or --aws)')
      if (partition.state === 'known' && partition.value !== arn.partition) return otherPartition

      return { arn, iam }
    })
  )
}

type Target = { readonly arn: RoleArn; readonly iam: IamSource } | Fact<never>

const notPermitted = moot('the namespace is not allowed to use the role')
const otherPartition = moot('the role is in a different partition than the cluster')
const runsAsNobody = moot('the object has no pod')
const forPodIdentity = moot('the role trusts only EKS Pod Identity, which needs no OIDC provider')
const noRole = moot('no role is requested, or its ARN is malformed')

function roleArnOf(
  subject: Subject,
  { identityWebhook = defaultIdentityWebhook }: Sources
): RoleArn | undefined {
  const request = subject.kind === 'ServiceAccount' ? roleRequestOf(subject, identityWebhook) : undefined

  return request === undefined || request.isComposed ? undefined : parseRoleArn(request.role)
}
