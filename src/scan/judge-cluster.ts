import type { Lookup, Sources } from '../facts/facts.js'
import { identityWebhookOf } from '../facts/identity-webhook.js'
import { roleRequestOf } from '../identity-webhook/role-request.js'
import { defaultIdentityWebhook, withAnnotationPrefix } from '../identity-webhook/settings.js'
import type { KubeClient } from '../kube/client.js'
import type { KubeObject } from '../kube/read.js'
import { noDeadline } from '../model/deadline.js'
import { moot, unknown } from '../model/fact.js'
import type { RuleSettings } from '../model/rule-settings.js'
import type { ServiceAccountSubject } from '../model/subject.js'
import { type ObjectReview, reviewObjects } from '../review-objects.js'
import { liveSourcesOf } from '../sources/cluster/live-sources.js'
import type { ObjectSources } from '../sources/objects/objects.js'
import { recordOf, textOf } from '../text/record.js'
import type { ClusterObjects, UnreadCollection } from './read-cluster.js'

/** What a scan knows besides the objects in the cluster. */
export interface JudgingContext extends RuleSettings {
  /** The cluster that was read; undefined if its objects come from files. */
  readonly client: KubeClient | undefined
  /**
   * Facts that do not come from the objects: IAM, associations, the settings of the identity webhook, the
   * cluster CA.
   */
  readonly given: Sources
  /** The prefix of the identity webhook's annotations, if the user set it. */
  readonly annotationPrefix: string | undefined
  /** Whether the objects include all service accounts, workloads and pods that may use each other. */
  readonly isWhole: boolean
  /** Only objects that were created after this time are judged. */
  readonly createdAfter?: Date | undefined
  readonly at: Date
  readonly signal?: AbortSignal | undefined
  /** Called after each object, with the number of objects judged so far and the number of all objects. */
  readonly onJudged?: ((judged: number, all: number) => void) | undefined
}

/** The objects of a cluster, and the verdict on each of them. */
export interface JudgedCluster {
  readonly objects: readonly KubeObject[]
  readonly reviews: readonly ObjectReview[]
  /** The number of objects whose kind is judged. */
  readonly judged: number
  /** The facts about the cluster, for queries that go beyond a single object. */
  readonly sources: Sources
  readonly counts: ClusterCounts
}

export interface ClusterCounts {
  readonly serviceAccounts: number
  /** Service accounts that request a role through IRSA and have no association. */
  readonly irsa: number
  /** Service accounts with an EKS Pod Identity association; undefined if the associations are not known. */
  readonly podIdentity: number | undefined
  readonly pods: number
}

/** Judges the objects that were read from a cluster. Never rejects. */
export async function judgeCluster(
  { objects, others, unread }: Pick<ClusterObjects, 'objects' | 'others' | 'unread'>,
  context: JudgingContext
): Promise<JudgedCluster> {
  const { client, given, isWhole, createdAfter, severities, exceptions, waiverLimits, at, signal, onJudged } =
    context
  const facts = new Set<unknown>(others)
  const isJudged = (object: unknown): boolean =>
    !facts.has(object) && (createdAfter === undefined || isCreatedAfter(object, createdAfter))
  let judged = 0
  const all = objects.filter(isJudged).length
  let sources: Sources = given
  const reviews = await reviewObjects([...objects, ...others], {
    namespace: undefined,
    severities,
    exceptions,
    waiverLimits,
    at,
    deadline: noDeadline,
    isJudged,
    ...(signal && { signal }),
    onJudged: () => onJudged?.(++judged, all),
    sourcesWith: (together) => (sources = sourcesOf(together))
  })

  return {
    objects,
    reviews: reviews.slice(0, objects.length),
    judged: objects.filter((object, index) => reviews[index]?.subject !== undefined && isJudged(object))
      .length,
    sources,
    counts: await countsOf(objects, reviews, sources)
  }

  function sourcesOf(together: ObjectSources): Sources {
    const live = client && liveSourcesOf(client, together, undefined)

    return {
      ...together,
      ...live,
      ...given,
      ...(client && unreadSources(together, live, unread)),
      identityWebhook: withAnnotationPrefix(
        (client ? given.identityWebhook : together.identityWebhook) ?? defaultIdentityWebhook,
        context.annotationPrefix
      ),
      neighbours: isWhole ? together.neighbours : undefined,
      clusterCa: given.clusterCa ?? (client ? undefined : together.clusterCa)
    }
  }
}

function isCreatedAfter(object: unknown, time: Date): boolean {
  const created = new Date(textOf(recordOf(recordOf(object)['metadata'])['creationTimestamp']) ?? NaN)

  return created.getTime() > time.getTime()
}

/**
 * Sources for collections that could not be listed. A user who may not list service accounts can rarely read
 * them one by one, so thousands of requests would be refused. Namespaces that cannot be read are treated as
 * unrestricted: the user's own AWS permissions decide which roles the scan can see.
 */
function unreadSources(
  together: ObjectSources,
  live: Pick<Sources, 'accounts' | 'namespaces' | 'webhooks'> | undefined,
  unread: readonly UnreadCollection[]
): Pick<Sources, 'accounts' | 'namespaces' | 'webhooks'> {
  const reasonFor = (plural: string): string | undefined =>
    unread.find(({ collection }) => collection.plural === plural)?.because
  const [accounts, namespaces] = [reasonFor('serviceaccounts'), reasonFor('namespaces')]
  const webhooks = reasonFor('mutatingwebhookconfigurations')

  return {
    webhooks:
      webhooks === undefined || live?.webhooks === undefined
        ? live?.webhooks
        : { ...live.webhooks, readConfigurations: async () => unknown(webhooks) },
    accounts:
      accounts === undefined
        ? live?.accounts
        : {
            readAccount: async (...question) => {
              const seen = await together.accounts.readAccount(...question)
              return seen.state === 'known' ? seen : unknown(accounts)
            }
          },
    namespaces:
      namespaces === undefined
        ? live?.namespaces
        : {
            readNamespace: async (...question) => {
              const seen = await together.namespaces.readNamespace(...question)
              return seen.state === 'known' ? seen : moot(namespaces)
            }
          }
  }
}

async function countsOf(
  objects: readonly KubeObject[],
  reviews: readonly ObjectReview[],
  sources: Sources
): Promise<ClusterCounts> {
  const accounts = accountsIn(reviews)
  const settings = identityWebhookOf(sources)
  const associated = await Promise.all(accounts.map(async (account) => isAssociated(account, sources)))

  return {
    serviceAccounts: accounts.length,
    irsa: accounts.filter(
      (account, index) => associated[index] !== true && roleRequestOf(account, settings) !== undefined
    ).length,
    podIdentity:
      sources.associations === undefined || associated.includes(undefined)
        ? undefined
        : associated.filter(Boolean).length,
    pods: objects.filter(({ kind }) => kind === 'Pod').length
  }
}

/** The service accounts among the objects that were judged. */
export const accountsIn = (reviews: readonly ObjectReview[]): readonly ServiceAccountSubject[] =>
  reviews.flatMap(({ subject }) => (subject?.kind === 'ServiceAccount' ? subject : []))

/** Whether a service account has an association; undefined if that is not known. */
async function isAssociated(
  { namespace, name }: ServiceAccountSubject,
  { associations }: Sources
): Promise<boolean | undefined> {
  const fact = await associations?.findAssociation({ namespace, name }, knownSoFar(namespace))

  return fact?.state === 'known' ? fact.value.exists : undefined
}

/** A lookup that returns only what is cached. Judging the objects has already made the same lookups. */
export const knownSoFar = (namespace: string): Lookup => ({
  namespace,
  deadline: { signal: AbortSignal.abort() }
})
