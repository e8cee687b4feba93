import type { Config } from '../../config.js'
import { chooseChain } from '../../diagnosis/chain.js'
import type { Observations, Permission, Probe, Tools } from '../../diagnosis/observations.js'
import { requestOf } from '../../facts/associations.js'
import type { Facts, FactTypes, GatheredNeed, Sources } from '../../facts/facts.js'
import { gatherFacts } from '../../facts/gather.js'
import { identityWebhookOf } from '../../facts/identity-webhook.js'
import { bypassLabel, credentialsOf, isInjected } from '../../identity-webhook/credentials.js'
import type { OwnIdentity } from '../../identity-webhook/own-identity.js'
import { registeredWebhooksOf } from '../../identity-webhook/registrations.js'
import { malformedRequestOf, type RoleRequest } from '../../identity-webhook/role-request.js'
import {
  defaultIdentityWebhook,
  type IdentityWebhookSettings,
  withAnnotationPrefix
} from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import { type KubeObject, listObjects, readObject } from '../../kube/read.js'
import { type Fact, known, moot, unknown } from '../../model/fact.js'
import type { Finding } from '../../model/finding.js'
import { isObjectName } from '../../model/object-name.js'
import { parsePod } from '../../model/pod.js'
import { parseRoleArn } from '../../model/role-arn.js'
import { type AccountLookup, accountOf } from '../../model/service-account.js'
import {
  parseSubject,
  type PodSubject,
  type ServiceAccountSubject,
  type Subject,
  type WorkloadSubject
} from '../../model/subject.js'
import { review } from '../../review.js'
import { buildLiveWebhooks } from '../../sources/cluster/live-webhooks.js'
import { allInSight, buildClusterOnDemand } from '../../sources/cluster/on-demand.js'
import { type FetchDocument, readIssuerKeys } from '../../sources/diagnosis/issuer-keys.js'
import { readNodeFacts } from '../../sources/diagnosis/node-facts.js'
import { probePod } from '../../sources/diagnosis/probe-pod.js'
import { buildObjectSources } from '../../sources/objects/objects.js'
import { textOf } from '../../text/record.js'
import { accountOfIdentity, toldOfTemplate } from '../../verdict/own-identity.js'
import { readClusterIdentityWebhook } from './cluster.js'
import { noDeadline } from './no-deadline.js'
import type { ObjectReference } from './object-reference.js'
import { observeBundles, readClusterCas } from './observe-bundles.js'
import { observeWorkload } from './observe-workload.js'

/** What a diagnosis is based on, in addition to the cluster. */
export interface DiagnosisContext {
  readonly at: Date
  readonly config: Config
  /** The facts from the user, and those from AWS. */
  readonly given: Sources
  /** The action to ask IAM about. */
  readonly simulation:
    { readonly action: string; readonly resource: string; readonly isLive: boolean } | undefined
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
  const base = sourcesOf(client, {
    given,
    settings,
    clusterCa: clusterCas.confirmed,
    configurations: lists,
    subjects: [accountSubject, podSubject, workload.template],
    objects: [accountObject, workload.podObject]
  })
  const effective = identityWebhookOf(base)

  // Which chain it is decides what else is read.
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
    // A pod that has IRSA's variables uses them, whatever association was created later.
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
    observeBundles(client, lists ?? [], clusterCas, { at, kubectl: tools.kubectl }),
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

async function readAccountObject(
  client: KubeClient,
  namespace: string,
  name: string
): Promise<Fact<KubeObject | undefined>> {
  if (!isObjectName(name)) return unknown('the name of the service account is not valid')
  const read = await readObject(client, `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`)

  return read.state === 'known' ? known(read.value) : unknown(read.because)
}

const accountFact = (object: Fact<KubeObject | undefined>): Fact<AccountLookup> =>
  object.state === 'known'
    ? known(object.value === undefined ? { exists: false } : accountOf(object.value))
    : object

function accountSubjectOf(
  object: Fact<KubeObject | undefined>,
  namespace: string,
  name: string
): ServiceAccountSubject {
  const read = object.state === 'known' ? object.value : undefined
  const subject =
    read && parseSubject({ ...read, apiVersion: 'v1', kind: 'ServiceAccount' }, { stage: 'running' })

  return subject?.kind === 'ServiceAccount'
    ? subject
    : { kind: 'ServiceAccount', stage: 'running', namespace, name, annotations: {} }
}

/** The sources of facts: the cluster as the user may read it, and what the user gave. */
function sourcesOf(
  client: KubeClient,
  {
    given,
    settings,
    clusterCa,
    configurations,
    subjects,
    objects
  }: {
    readonly given: Sources
    readonly settings: IdentityWebhookSettings
    readonly clusterCa: string | undefined
    readonly configurations: readonly KubeObject[] | undefined
    readonly subjects: readonly (Subject | undefined)[]
    readonly objects: readonly unknown[]
  }
): Sources {
  const cluster = buildClusterOnDemand(client)
  const { neighbours, pods } = buildObjectSources(
    subjects.filter((subject) => subject !== undefined),
    objects
  )

  return {
    ...given,
    // The cluster's own issuer is the one in its tokens; a file may be from another cluster.
    issuer: undefined,
    cluster: {
      ...cluster,
      readIssuer: async (deadline) => {
        const live = await cluster.readIssuer(deadline)
        return live.state === 'known' || given.issuer === undefined ? live : known(given.issuer)
      }
    },
    accounts: cluster,
    namespaces: {
      // A mode decides what admission does, and nothing about AWS.
      readNamespace: async (name, deadline) => {
        const read = await cluster.readNamespace(name, deadline)
        // The list of allowed roles protects what irsa-guard may read; users of a command read with their own rights.
        if (read.state !== 'known') return moot(read.because)
        const { podsEnforced, allowedRoles } = read.value
        return known({ mode: undefined, podsEnforced, allowedRoles })
      }
    },
    webhooks: configurations === undefined ? cluster : buildLiveWebhooks(client, configurations),
    neighbours,
    pods,
    clusterCa: given.clusterCa ?? clusterCa,
    identityWebhook: settings
  }
}

/** What a service account requests; a malformed ARN counts, because the identity webhook injects it as it is. */
function requestedBy(
  account: ServiceAccountSubject,
  fact: Fact<AccountLookup>,
  settings: IdentityWebhookSettings
): Fact<RoleRequest | undefined> {
  const asked = requestOf(account, fact, settings)
  if (asked.state !== 'known' || asked.value !== undefined) return asked
  const written = textOf(account.annotations[settings.annotationNames['role-arn']])

  return known(
    malformedRequestOf(account.annotations, settings) ??
      (written === undefined
        ? undefined
        : { role: written, isComposed: false, audience: settings.defaultAudience })
  )
}

/**
 * The role and token that a pod template sets by itself. A pod without a template may have got them while its
 * service account still requested a role, which shows only if the identity webhook injects the region, too.
 */
function ownIdentityIn(
  subject: PodSubject | undefined,
  template: WorkloadSubject | undefined,
  settings: IdentityWebhookSettings
): OwnIdentity | undefined {
  const pod = template?.pod ?? subject?.pod
  for (const container of pod?.containers ?? []) {
    const credentials = pod && credentialsOf(pod, container, settings)
    if (credentials?.kind === 'web-identity' && !isInjected(container))
      return { container: container.name, role: credentials.role, token: credentials.token }
  }

  return undefined
}

const requestOfOwn = ({ role, token, container }: OwnIdentity): Fact<RoleRequest> =>
  role.value === undefined
    ? unknown(`${role.name} in container ${container} is known only at run time`)
    : known({ role: role.value, isComposed: false, audience: token?.audience })

const podNode = (pod: Observations['pod']): string | undefined =>
  pod.state === 'known' ? pod.value.node : undefined

const identityConfigurations = (objects: readonly KubeObject[]): Subject[] =>
  allInSight(objects).configurations.filter(
    (configuration) => registeredWebhooksOf([configuration]).length > 0
  )

/** The findings of all rules about these subjects. */
async function findingsOf(
  subjects: readonly (Subject | undefined)[],
  sources: Sources,
  at: Date,
  template: { readonly own: OwnIdentity; readonly settings: FactTypes['identityWebhook'] } | undefined
): Promise<Finding[]> {
  const verdicts = await Promise.all(
    subjects
      .filter((subject) => subject !== undefined)
      .map(async (subject) => {
        const verdict = await review(subject, { sources, mode: 'enforce', at, deadline: noDeadline })

        return template !== undefined && subject.kind === 'ServiceAccount'
          ? toldOfTemplate(verdict, template.own, template.settings)
          : verdict
      })
  )
  const found = verdicts.flatMap(({ findings }) => findings)

  // A pod and its template share most mistakes.
  return [...new Map(found.map((finding) => [`${finding.rule} ${finding.message}`, finding])).values()]
}

/** Creates a pod of the service account in a dry run, with the labels that selectors look at. */
async function readProbe(
  client: KubeClient,
  namespace: string,
  { accountName, pod, template }: Awaited<ReturnType<typeof observeWorkload>>
): Promise<Fact<Probe>> {
  const ofPods = template?.pod.labels ?? (pod.state === 'known' ? pod.value.subject?.pod.labels : undefined)
  // Whether the pods opt out of the identity webhook is another question.
  const labels = Object.fromEntries(Object.entries(ofPods ?? {}).filter(([key]) => key !== bypassLabel))
  const answer = await probePod(client, { namespace, serviceAccount: accountName, labels })
  if (answer.state !== 'known') return answer

  return known(answer.value.created ? { created: true, pod: parsePod(answer.value.pod) } : answer.value)
}

/** Whether the role may do what the user asked about. */
async function readPermission(
  { simulation, config, given }: DiagnosisContext,
  chain: Observations['chain']['chain'],
  { association }: Facts,
  request: Fact<RoleRequest | undefined>
): Promise<Fact<Permission>> {
  if (simulation === undefined) return moot('pass --action and --resource to ask IAM')
  const { action, resource, isLive } = simulation
  if (!isLive) return unknown('only IAM itself can simulate policies (pass --aws)')
  const associated = association?.state === 'known' ? association.value : undefined
  const text =
    chain === 'pod-identity'
      ? (associated?.targetRoleArn ?? associated?.roleArn)
      : request.state === 'known'
        ? request.value?.role
        : undefined
  const role = text === undefined ? undefined : parseRoleArn(text)
  if (role === undefined || given.iam === undefined) return unknown('the role is not known')
  const { simulatePermission } = await import('../../sources/iam/simulate.js')
  const { accounts, endpoint } = config.iam
  const answer = await simulatePermission({ role, action, resource }, { accounts, endpoint })

  return answer.state === 'known' ? known({ action, resource, ...answer.value }) : answer
}
