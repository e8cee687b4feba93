import { roleRequestOf } from '../identity-webhook/role-request.js'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import { type Fact, known, moot, unknown } from '../model/fact.js'
import { notInTokens, parseIssuerPartition } from '../model/issuer.js'
import { type MaybePromise, thenMaybe } from '../model/maybe-promise.js'
import { isRoleAllowed } from '../model/namespace.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { namespaceNotGiven, type Subject } from '../model/subject.js'
import { hideOthers } from '../trust-policy/hide-others.js'
import { parseTrustPolicy } from '../trust-policy/judge.js'
import { namesNamespace } from '../trust-policy/names-namespace.js'
import { irsaTrust, unlessAssociated } from './associations.js'
import type { ProviderLookup, RoleLookup, Sources } from './facts.js'
import type { Gatherer, Gatherers, Target } from './gatherer.js'
import { identityWebhookOf } from './identity-webhook.js'
import { trustOf } from './trust.js'

/** The facts about the role that a service account requests through IRSA. */
export const irsaFacts: Gatherers<
  'role' | 'trust' | 'provider' | 'clusterPartition' | 'issuer' | 'rolesTrusting'
> = {
  role(gatherer) {
    return unlessAssociated(gatherer.get('associated'), () =>
      thenMaybe(gatherer.target, (target) =>
        'state' in target
          ? target
          : thenMaybe(target.iam.readRole(target.arn, gatherer.lookup), (role) =>
              withoutPath(role, target.arn, gatherer.subject)
            )
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
          // At admission, the user might have access to only one namespace. Users who run a command can
          // already read the policies.
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

  rolesTrusting(gatherer) {
    const { subject, sources } = gatherer
    const { trustingRoles } = sources
    if (trustingRoles === undefined || !('namespace' in subject)) return moot('no trust policies were given')
    if (subject.namespace === '') return unknown(namespaceNotGiven)

    return thenMaybe(gatherer.get('issuer'), (issuer) =>
      issuer.state === 'known' ? trustingRoles.rolesTrusting(subject, issuer.value) : issuer
    )
  }
}

/**
 * At admission, the path of a role is not shown to a namespace that the role's trust policy does not name. The
 * result then shows only that the path is different.
 */
function withoutPath(role: Fact<RoleLookup>, { text }: RoleArn, subject: Subject): Fact<RoleLookup> {
  if (role.state !== 'known' || !role.value.exists || role.value.arn === text) return role // nearly always
  if (subject.stage !== 'admitted' || !('namespace' in subject)) return role
  const { arn, trustPolicy } = role.value
  const policy = trustPolicy && parseTrustPolicy(trustPolicy.document, trustPolicy.encoding).value
  if (namesNamespace(policy, { namespace: subject.namespace, serviceAccount: subject.name })) return role

  return known({ ...role.value, arn: arn.replace(/:role\/(?:.*\/)?/, ':role/<another path>/') }, role.readAt)
}

/**
 * The role to look up, and the source; otherwise the reason why nothing is looked up. A role that the
 * namespace is not allowed to use is never looked up, and nothing is looked up for a namespace that could not
 * be read. Without this limit, any user who can send a dry-run request for a service account could read trust
 * policies with irsa-guard's permissions.
 */
export function targetOf(gatherer: Gatherer): MaybePromise<Target> {
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

const notPermitted = moot('the namespace is not allowed to use the role')
const otherPartition = moot('the role is in a different partition than the cluster')
const forPodIdentity = moot('the role trusts only EKS Pod Identity, which needs no OIDC provider')
const noRole = moot('no role is requested, or its ARN is malformed')

/** The role that a subject requests; undefined if there is none, or if its ARN is malformed or not fully known. */
export function requestedRoleOf(
  subject: Subject,
  { identityWebhook = defaultIdentityWebhook }: Sources
): RoleArn | undefined {
  const request = subject.kind === 'ServiceAccount' ? roleRequestOf(subject, identityWebhook) : undefined

  return request === undefined || request.isComposed ? undefined : parseRoleArn(request.role)
}
