import { known, moot, unknown, type Fact } from '../model/fact.js'
import { defaultIdentityWebhook, type IdentityWebhookSettings } from '../model/identity-webhook.js'
import { parseIssuerPartition } from '../model/issuer.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { roleArnAnnotation, type Subject } from '../model/subject.js'
import type { AccountSource, FactTypes, Facts, NamespaceSource, Need, NeighbourSource, RoleSource, TrustingRoleSource } from './facts.js'

/** What facts are gathered from. What is left out cannot be asked. */
export interface Sources {
  readonly roles?: RoleSource | undefined
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer?: string | undefined
  readonly accounts?: AccountSource | undefined
  readonly namespaces?: NamespaceSource | undefined
  readonly identityWebhook?: IdentityWebhookSettings | undefined
  readonly neighbours?: NeighbourSource | undefined
  readonly trustingRoles?: TrustingRoleSource | undefined
}

/** Gathers just the facts that are needed, in parallel. Never throws: what did not answer before the signal is unknown. */
export async function gatherFacts(subject: Subject, needs: ReadonlySet<Need>, sources: Sources, signal: AbortSignal): Promise<Facts> {
  const facts = await Promise.all([...needs].map(async (need) => [need, await gatherers[need](subject, sources, signal)] as const))

  return Object.fromEntries<Facts[Need]>(facts)
}

type Gatherer<N extends Need> = (
  subject: Subject,
  sources: Sources,
  signal: AbortSignal
) => Fact<FactTypes[N]> | Promise<Fact<FactTypes[N]>>

const gatherers: { readonly [N in Need]: Gatherer<N> } = {
  role: (subject, { roles }, signal) => ifAsked(subject, (arn) => roles?.readRole(arn, signal) ?? unknown('no facts about IAM were given')),
  clusterPartition: (subject, { issuer }) => ifAsked(subject, () => partitionOf(issuer)),
  account: (subject, { accounts }, signal) => {
    if (subject.kind === 'ServiceAccount') return moot('a service account runs as nobody')

    return (
      accounts?.readAccount(subject.namespace, subject.pod.serviceAccountName, signal) ??
      unknown('no facts about service accounts were given')
    )
  },
  identityWebhook: (_subject, { identityWebhook }) => known(identityWebhook ?? defaultIdentityWebhook),
  namespace: async ({ namespace }, { namespaces }, signal) => {
    const answer = await namespaces?.readNamespace(namespace, signal)

    // A namespace that nobody could read denies nothing, but its pods are still judged.
    return answer?.state === 'known' ? answer : known({ podsEnforced: false })
  },
  neighbours: ({ namespace, name }, { neighbours }) =>
    neighbours?.neighboursOf(namespace, name) ?? moot('the other objects are not in sight'),
  rolesTrusting: (account, { trustingRoles, issuer }) => {
    if (trustingRoles === undefined) return moot('no trust policies were given')
    if (issuer === undefined) return unknown('the issuer of the cluster is not known')

    return trustingRoles.rolesTrusting(account, issuer)
  }
}

function ifAsked<T>(subject: Subject, answer: (arn: RoleArn) => T): T | Fact<never> {
  const value = subject.annotations[roleArnAnnotation]
  const arn = typeof value === 'string' ? parseRoleArn(value) : undefined

  return arn === undefined ? moot('no role is asked for, or its ARN is malformed') : answer(arn)
}

function partitionOf(issuer: string | undefined): Fact<string> {
  if (issuer === undefined) return unknown('the issuer of the cluster is not known')

  const partition = parseIssuerPartition(issuer)
  if (partition === undefined) return unknown('the issuer of the cluster is not one of EKS, so it tells no partition')

  return known(partition)
}
