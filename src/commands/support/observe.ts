import type { Config } from '../../config.js'
import { chooseChain } from '../../diagnosis/chain.js'
import type { Observations, Probe, Tools } from '../../diagnosis/observations.js'
import type { Facts, GatheredNeed, Sources } from '../../facts/facts.js'
import { gatherFacts } from '../../facts/gather.js'
import { identityWebhookOf } from '../../facts/identity-webhook.js'
import { bypassLabel } from '../../identity-webhook/credentials.js'
import { registeredWebhooksOf } from '../../identity-webhook/registrations.js'
import type { RoleRequest } from '../../identity-webhook/role-request.js'
import { defaultIdentityWebhook, withAnnotationPrefix } from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import { type KubeObject, listObjects } from '../../kube/read.js'
import { type Fact, known, moot, unknown } from '../../model/fact.js'
import { parsePod } from '../../model/pod.js'
import type { Subject } from '../../model/subject.js'
import { allInSight } from '../../sources/cluster/on-demand.js'
import { type FetchDocument, readIssuerKeys } from '../../sources/diagnosis/issuer-keys.js'
import { readNodeFacts } from '../../sources/diagnosis/node-facts.js'
import { probePod } from '../../sources/diagnosis/probe-pod.js'
import { accountOfIdentity } from '../../verdict/own-identity.js'
import { readClusterIdentityWebhook } from './cluster.js'
import { diagnosisSources } from './diagnosis-sources.js'
import { noDeadline } from './no-deadline.js'
import type { ObjectReference } from './object-reference.js'
import {
  accountFact,
  accountSubjectOf,
  ownIdentityIn,
  readAccountObject,
  requestedBy,
  requestOfOwn
} from './observe-account.js'
import { observeBundles, readClusterCas } from './observe-bundles.js'
import { findingsOf } from './observe-findings.js'
import { type AskedAction, readPermission } from './observe-permission.js'
import { observeWorkload } from './observe-workload.js'

/** What a diagnosis is based on, in addition to the cluster. */
export interface DiagnosisContext {
  readonly at: Date
  readonly config: Config
  /** The facts from the user, and those from AWS. */
  readonly given: Sources
  /** The action to ask IAM about. */
  readonly simulation: AskedAction | undefined
  readonly tools: Tools
  /** Reads the documents of the issuer; `fetch` by default. */
  readonly fetchDocument?: FetchDocument | undefined
}

const configurationsPath = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'

/** Reads everything about an object that a diagnosis needs. Throws as `observeWorkload` does. */
export async function observe(
  client: KubeClient,
  reference: ObjectReference,
  context: DiagnosisContext
): Promise<Observations> {
  const { at, config, given, tools } = context
  const { kind, namespace, name } = reference
  const workload = await observeWorkload(client, reference, tools.clusterFlags)
  const [accountObject, configurations, clusterCas, liveSettings] = await Promise.all([
    readAccountObject(client, namespace, workload.accountName),
    listObjects(client, configurationsPath),
    readClusterCas(client, at),
    readClusterIdentityWebhook(client, config.annotationPrefix)
  ])
  const lists = configurations.state === 'known' ? configurations.value : undefined
  const settings = withAnnotationPrefix(liveSettings ?? defaultIdentityWebhook, config.annotationPrefix)
  const podSubject = workload.pod.state === 'known' ? workload.pod.value.subject : undefined
  const accountSubject = accountSubjectOf(accountObject, namespace, workload.accountName)
  const base = diagnosisSources(client, {
    given,
    settings,
    clusterCa: clusterCas.confirmed,
    configurations: lists,
    subjects: [accountSubject, podSubject, workload.template],
    objects: [accountObject, workload.podObject]
  })
  const effective = identityWebhookOf(base)

  // The chain decides what else is read.
  const gather = (subject: Subject, needs: readonly GatheredNeed[], sources: Sources) =>
    gatherFacts(subject, needs, sources, { deadline: noDeadline, at })
  const preliminary = await gather(accountSubject, ['associated', 'association'], base)
  const preliminaryPod = podSubject && (await gather(podSubject, ['chain', 'podRole'], base))
  const asked = requestedBy(accountSubject, accountFact(accountObject), effective)
  const own =
    asked.state === 'known' && asked.value === undefined
      ? ownIdentityIn(podSubject, workload.template, effective)
      : undefined
  const request: Fact<RoleRequest | undefined> = own === undefined ? asked : requestOfOwn(own)
  const chain = chooseChain({
    ofPod: preliminaryPod?.chain?.state === 'known' ? preliminaryPod.chain.value : undefined,
    request,
    associated: preliminary.associated ?? moot('associations were not looked up')
  })

  const node = await readNodeFacts(client, podNode(workload.pod), {
    withAgent: chain.chain === 'pod-identity'
  })
  const sources: Sources = {
    ...base,
    // A pod that has IRSA's variables uses them, even if an association was created later.
    ...(chain.chain === 'irsa' && isAssociated(preliminary.associated) && { associations: undefined }),
    podIdentityAgent: node.agentInCluster.state === 'known' ? node.agentInCluster.value : undefined
  }
  const judged =
    own === undefined || podSubject === undefined
      ? accountSubject
      : accountOfIdentity(podSubject, own, effective)
  const [gathered, podFacts, findings, bundles, probe] = await Promise.all([
    gather(judged, accountNeeds, sources),
    podSubject === undefined ? {} : gather(podSubject, ['chain', 'podRole'], sources),
    findingsOf(
      [judged, podSubject, workload.template, ...identityConfigurations(lists ?? [])],
      sources,
      at,
      own && { own, settings: effective }
    ),
    observeBundles(client, lists ?? [], clusterCas, at),
    readProbe(client, namespace, workload)
  ])
  const facts: Facts = { ...gathered, ...preliminary }

  return {
    subject: { kind: kind.kind, namespace, name },
    at,
    tools,
    chain,
    pod: workload.pod,
    template: workload.template,
    runners: workload.runners,
    creationFailure: workload.creationFailure,
    accountExists: accountObject.state === 'known' ? known(accountObject.value !== undefined) : accountObject,
    account: accountSubject,
    request,
    isOwnRole: own !== undefined,
    settings: effective,
    clusterArn: base.clusterArn,
    facts,
    podFacts,
    findings,
    webhooks:
      lists === undefined
        ? unknown(configurations.state === 'known' ? '' : configurations.because)
        : known(registeredWebhooksOf(allInSight(lists).configurations)),
    bundles,
    probe,
    clusterCa: clusterCas.confirmed,
    issuer:
      chain.chain === 'irsa' && facts.issuer?.state === 'known'
        ? known(await readIssuerKeys(client, facts.issuer.value, context.fetchDocument))
        : moot('the issuer is not needed'),
    permission: await readPermission(context, chain.chain, facts, request),
    node
  }
}

const isAssociated = (associated: Facts['associated']): boolean =>
  associated?.state === 'known' && associated.value.exists

const accountNeeds = [
  'associated',
  'association',
  'chain',
  'clusterPartition',
  'issuer',
  'namespace',
  'podIdentityRole',
  'podIdentityTrust',
  'provider',
  'role',
  'rolesTrusting',
  'targetRole',
  'targetTrust',
  'trust'
] as const satisfies readonly GatheredNeed[]

const identityConfigurations = (objects: readonly KubeObject[]): Subject[] =>
  allInSight(objects).configurations.filter(
    (configuration) => registeredWebhooksOf([configuration]).length > 0
  )

const podNode = (pod: Observations['pod']): string | undefined =>
  pod.state === 'known' ? pod.value.node : undefined

/** Creates a pod of the service account in a dry run, with the labels that webhook selectors match. */
async function readProbe(
  client: KubeClient,
  namespace: string,
  { accountName, pod, template }: Awaited<ReturnType<typeof observeWorkload>>
): Promise<Fact<Probe>> {
  const ofPods = template?.pod.labels ?? (pod.state === 'known' ? pod.value.subject?.pod.labels : undefined)
  // Whether the pods opt out of the identity webhook is checked elsewhere.
  const labels = Object.fromEntries(Object.entries(ofPods ?? {}).filter(([key]) => key !== bypassLabel))
  const answer = await probePod(client, { namespace, serviceAccount: accountName, labels })
  if (answer.state !== 'known') return answer

  return known(answer.value.created ? { created: true, pod: parsePod(answer.value.pod) } : answer.value)
}
