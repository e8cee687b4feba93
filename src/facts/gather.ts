import { known, moot, unknown, type Fact } from '../model/fact.js'
import { defaultIdentityWebhook, type IdentityWebhookSettings } from '../model/identity-webhook.js'
import { parseIssuerPartition } from '../model/issuer.js'
import { isRoleAllowed } from '../model/namespace.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { roleArnAnnotation, type Subject } from '../model/subject.js'
import { controlPlaneWebhooksOf } from '../model/webhook-configuration.js'
import { readBundle } from '../x509/bundle.js'
import { newestGo } from '../x509/go-version.js'
import { hideOthers } from '../trust-policy/hide-others.js'
import type { Ask, FactTypes, Facts, GatheredNeed, IamSource, Need, Sources } from './facts.js'
import { trustOf } from './trust.js'
import { backendsOf, canaryOf, identityWebhooksFor, injectedCertificateOf } from './webhook-facts.js'

/** What a gatherer works with; `get` shares facts, so that each is gathered once for a subject. */
interface Gathering {
  readonly subject: Subject
  /** The role that is asked for; undefined when there is none or its ARN is malformed. */
  readonly arn: RoleArn | undefined
  readonly sources: Sources
  readonly ask: Ask
  readonly at: Date | undefined
  readonly get: <N extends GatheredNeed>(need: N) => Promise<Fact<FactTypes[N]>>
}

/**
 * Gathers just the facts that are needed, in parallel, each once. Never throws: what did not answer before the signal is unknown. `fresh` wants
 * no answer of IAM that is older than ten seconds; without `at`, nothing is said of dates in trust policies.
 */
export async function gatherFacts(
  subject: Subject,
  needs: ReadonlySet<Need>,
  sources: Sources,
  { signal, at, fresh = false }: { signal: AbortSignal; at?: Date; fresh?: boolean }
): Promise<Facts> {
  const started = new Map<GatheredNeed, Promise<unknown>>()
  const gathering: Gathering = {
    subject,
    arn: roleArnOf(subject),
    sources,
    ask: { namespace: 'namespace' in subject ? subject.namespace : '', signal, fresh },
    at,
    get<N extends GatheredNeed>(need: N) {
      const fact = started.get(need) ?? gatherers[need](gathering)
      started.set(need, fact)
      return fact as Promise<Fact<FactTypes[N]>> // each need's promise comes from its own gatherer
    }
  }
  const facts: { -readonly [N in Need]?: unknown } = {}
  await Promise.all(
    Array.from(needs, async (need) => {
      if (need !== 'now') facts[need] = await gathering.get(need)
    })
  )

  return facts as Facts // each need's fact comes from its own gatherer
}

const gatherers: { readonly [N in GatheredNeed]: (gathering: Gathering) => Promise<Fact<FactTypes[N]>> } = {
  async role(gathering) {
    const target = await lookupOf(gathering)

    return 'state' in target ? target : target.iam.readRole(target.arn, gathering.ask)
  },

  async trust({ subject, arn, sources, at, get }) {
    if (arn === undefined || subject.kind !== 'ServiceAccount') return noRole

    const [role, issuer] = await Promise.all([get('role'), get('issuer')])
    const { defaultAudience } = identityWebhookOf(sources)

    const trust = trustOf(role, { subject, arn, issuer, defaultAudience, at })
    // Who asks at admission may see one namespace, whoever runs a command has the trust policies anyway.
    return trust.state === 'known' && subject.stage === 'admitted' ? known(hideOthers(trust.value, subject.namespace)) : trust
  },

  async provider(gathering) {
    const [target, issuer] = await Promise.all([lookupOf(gathering), gathering.get('issuer')])
    if ('state' in target) return target
    if (issuer.state !== 'known') return issuer
    const { iam, arn } = target

    return iam.readProvider({ account: arn.account, partition: arn.partition, issuer: issuer.value }, gathering.ask)
  },

  async clusterPartition({ arn, get }) {
    if (arn === undefined) return noRole
    const issuer = await get('issuer')
    if (issuer.state !== 'known') return issuer
    const partition = parseIssuerPartition(issuer.value)

    return partition === undefined ? unknown('the issuer of the cluster is not one of EKS, so it tells no partition') : known(partition)
  },

  async issuer({ sources, ask: { signal } }) {
    if (sources.issuer !== undefined) return known(sources.issuer)
    if (sources.cluster === undefined) return unknown('the issuer of the cluster is not known')

    return sources.cluster.readIssuer(signal)
  },

  async namespace({ subject, sources, ask: { signal } }) {
    const namespaces = sources.namespaces ?? sources.cluster
    if (namespaces === undefined) return moot('there is no cluster to ask')
    if (!('namespace' in subject)) return moot('it is in no namespace')

    return namespaces.readNamespace(subject.namespace, signal)
  },

  async clusterCa({ subject, sources: { clusterCa } }) {
    if (!('webhooks' in subject) || controlPlaneWebhooksOf(subject).length === 0) {
      return moot('no webhook of it is served with a certificate of the cluster CA')
    }
    if (clusterCa === undefined) return unknown('the CA of the cluster is not known')
    if (readBundle(Buffer.from(clusterCa), newestGo).certificates.length === 0) return unknown('the CA of the cluster is not readable PEM')

    return known(clusterCa)
  },

  async podsEnforced({ get }) {
    const namespace = await get('namespace')

    // A namespace that nobody could read denies nothing, but its pods are still judged.
    return known(namespace.state === 'known' && namespace.value.podsEnforced)
  },

  async account({ subject, sources, ask: { signal } }) {
    if (!('pod' in subject)) return moot('it runs as nobody')
    if (sources.accounts === undefined) return unknown('no facts about service accounts were given')

    return sources.accounts.readAccount(subject.namespace, subject.pod.serviceAccountName, signal)
  },

  async identityWebhook({ sources }) {
    return known(identityWebhookOf(sources))
  },

  async neighbours({ subject, sources }) {
    if (!('namespace' in subject)) return moot('it is in no namespace')

    return sources.neighbours?.neighboursOf(subject.namespace, subject.name) ?? moot('the other objects are not in sight')
  },

  async rolesTrusting({ subject, sources, get }) {
    if (sources.trustingRoles === undefined || !('namespace' in subject)) return moot('no trust policies were given')

    const issuer = await get('issuer')
    return issuer.state === 'known' ? sources.trustingRoles.rolesTrusting(subject, issuer.value) : issuer
  },

  identityWebhooks: ({ subject, sources, ask: { signal } }) => identityWebhooksFor(subject, sources, signal),
  backends: ({ subject, sources, ask: { signal } }) => backendsOf(subject, sources, signal),
  injectedCertificate: ({ subject, sources, ask: { signal } }) => injectedCertificateOf(subject, sources, signal),
  canary: async ({ subject, sources }) => canaryOf(subject, sources)
}

const identityWebhookOf = ({ identityWebhook = defaultIdentityWebhook }: Sources): IdentityWebhookSettings => identityWebhook

/**
 * The role that IAM may be asked about, and whom to ask; else why nobody is asked. What its namespace may not use is never looked up, nor is
 * anything for a namespace that could not be read: whoever may dry-run a service account would read trust policies with our rights.
 */
async function lookupOf({ arn, sources: { iam }, get }: Gathering): Promise<{ arn: RoleArn; iam: IamSource } | Fact<never>> {
  if (arn === undefined) return noRole
  const [namespace, partition] = await Promise.all([get('namespace'), get('clusterPartition')])
  if (namespace.state === 'unknown') return unknown(`${namespace.because}, so it is not known which roles it may use`)
  if (namespace.state === 'known' && !isRoleAllowed(namespace.value, arn.text)) return notPermitted
  if (iam === undefined) return unknown('no facts about IAM were given')
  if (partition.state === 'known' && partition.value !== arn.partition) return otherPartition

  return { arn, iam }
}

const notPermitted = moot('the namespace may not use the role')
const otherPartition = moot('the role is in another partition than the cluster')
const noRole = moot('no role is asked for, or its ARN is malformed')

function roleArnOf(subject: Subject): RoleArn | undefined {
  if (subject.kind !== 'ServiceAccount') return undefined
  const value = subject.annotations[roleArnAnnotation]

  return typeof value === 'string' ? parseRoleArn(value) : undefined
}
