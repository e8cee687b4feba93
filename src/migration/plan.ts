import type { Sources } from '../facts/facts.js'
import { identityWebhookOf } from '../facts/identity-webhook.js'
import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { ClusterArn } from '../model/cluster-arn.js'
import type { Deadline } from '../model/deadline.js'
import type { ServiceAccountSubject } from '../model/subject.js'
import { subjectsOf } from '../review-objects.js'
import { buildObjectSources, type ObjectSources } from '../sources/objects/objects.js'
import { textOf } from '../text/record.js'
import { type Candidate, examine } from './examine.js'
import type { AccountPlan, MigrationPlan } from './migration-plan.js'
import type { Judging } from './obstacles.js'
import type { ReadRole } from './role.js'
import { accountKey, hasMoved, type Runner, runnersByAccount } from './runners.js'
import {
  agentStep,
  annotationStep,
  associationStep,
  checkStep,
  type CommandStyle,
  commonNotes,
  givenAssociationStep,
  podsStep,
  trustStep
} from './steps.js'
import { type RoleUser, type Trusted, trustFor } from './trust.js'

/** What to plan, and what is known about it. */
export interface MigrationContext extends CommandStyle {
  readonly cluster: ClusterArn
  /** The namespace for objects that name none. */
  readonly defaultNamespace: string | undefined
  /** Which service accounts to plan for. */
  readonly isSelected: (account: { readonly namespace: string; readonly name: string }) => boolean
  /** Combines the facts that the objects provide about each other with the other sources. */
  readonly sourcesWith: (together: ObjectSources) => Sources
  /** Whether the objects include all pods and workloads of the selected service accounts. */
  readonly isComplete: boolean
  /** Why some of these objects are missing, if they could not be read. */
  readonly unread: readonly string[]
  readonly at: Date
  readonly deadline: Deadline
}

/**
 * Plans how the annotated service accounts among the objects move from IRSA to EKS Pod Identity. Each pod has
 * a role after every step, and steps that are already done are left out. Reads only.
 */
export async function planMigration(
  objects: readonly unknown[],
  context: MigrationContext
): Promise<MigrationPlan> {
  const { cluster, tool, at, deadline } = context
  const parsed = objects.map((object) => ({
    object,
    subjects: subjectsOf(object, context.defaultNamespace)
  }))
  const subjects = parsed.flatMap((each) => each.subjects)
  const sources = {
    ...context.sourcesWith(buildObjectSources(subjects, objects, context.defaultNamespace)),
    clusterArn: cluster
  }
  const judging: Judging = { sources, at, deadline }
  const settings = identityWebhookOf(sources)
  const runners = runnersByAccount(parsed)
  const selected = subjects
    .filter((subject) => subject.kind === 'ServiceAccount')
    .filter((account) => isAnnotated(account, settings) && context.isSelected(account))
  const candidates = await Promise.all(
    byName(selected).map(async ([key, account]) => {
      const mine = runners.get(key) ?? []
      return { account, runners: mine, found: await examine(account, mine, judging, context) }
    })
  )
  const trusted = trustOfAll(candidates, cluster, at)
  const accounts = candidates.map((candidate): AccountPlan => {
    const { namespace, name, annotations } = candidate.account
    const role = textOf(annotations[settings.annotationNames['role-arn']]) ?? ''

    return { namespace, name, role, ...planFor(candidate, { context, settings, trusted }) }
  })

  return {
    cluster: cluster.text,
    tool,
    steps:
      sources.podIdentityAgent === false && accounts.some(needsSteps) ? [agentStep(cluster, context)] : [],
    notes: accounts.some(needsSteps) ? [...agentNote(sources, context), ...commonNotes] : [],
    accounts
  }
}

const needsSteps = ({ steps }: AccountPlan): boolean => steps.length > 0

/** Each service account once, by its name. */
const byName = (accounts: readonly ServiceAccountSubject[]): [string, ServiceAccountSubject][] =>
  [
    ...new Map(accounts.map((account) => [accountKey(account.namespace, account.name), account] as const))
  ].sort(([one], [other]) => (one < other ? -1 : 1))

/** Charts render an empty annotation if no role is wanted. */
function isAnnotated(
  { annotations }: ServiceAccountSubject,
  { annotationNames }: IdentityWebhookSettings
): boolean {
  const role = annotations[annotationNames['role-arn']]

  return role !== undefined && role !== null && role !== ''
}

type TrustOfAll = ReadonlyMap<Candidate, Trusted>

/** The trust policies of all roles, each corrected once for all of its users. */
function trustOfAll(candidates: readonly Candidate[], cluster: ClusterArn, at: Date): TrustOfAll {
  const groups = new Map<string, { role: ReadRole; users: Map<Candidate, RoleUser> }>()
  for (const candidate of candidates) {
    const { account, found } = candidate
    if ('state' in found || found.read === undefined) continue
    const { namespace, name } = account
    const group = groups.get(found.role.text) ?? { role: found.read, users: new Map() }
    group.users.set(candidate, { namespace, name, sessionTags: !found.existing?.disableSessionTags })
    groups.set(found.role.text, group)
  }

  return new Map([...groups.values()].flatMap(({ role, users }) => [...trustFor(role, users, cluster, at)]))
}

interface Planning {
  readonly context: MigrationContext
  readonly settings: IdentityWebhookSettings
  readonly trusted: TrustOfAll
}

/** What is left to do for a service account, if it can move. */
function planFor(
  candidate: Candidate,
  { context, settings, trusted }: Planning
): Omit<AccountPlan, 'namespace' | 'name' | 'role'> {
  const { account, runners, found } = candidate
  if ('state' in found) return { ...found, steps: [], notes: [] }
  const trust = trusted.get(candidate) ?? needsNoJudgement
  if (trust.state !== 'trusted') return { ...trust, steps: [], notes: [] }

  const { cluster } = context
  const { role, existing } = found
  const { document } = trust
  const waiting = runners.filter((runner) => existing === undefined || !hasMoved(runner, settings, context))
  const pods = podsStep(
    waiting.filter((runner) => hasPods(runner, context)),
    context
  )
  const steps = [
    document && trustStep(role, { before: trust.before, document }, othersWith(document, candidate, trusted)),
    existing === undefined
      ? associationStep(account, role, cluster, context)
      : existing.fromObject && givenAssociationStep,
    pods,
    pods && checkStep(account, context),
    annotationStep(account, settings.annotationNames['role-arn'], context)
  ].filter((step) => step !== undefined)

  return {
    state: steps.length === 1 ? 'moved' : 'can-move',
    because: [],
    steps,
    notes: [...found.notes, ...trust.remarks, ...audienceNote(account, settings)]
  }
}

// If an association has a target role, `examine` has already judged the trust policies of both roles.
const needsNoJudgement: Trusted = { state: 'trusted', document: undefined, before: undefined, remarks: [] }

function audienceNote(
  { annotations }: ServiceAccountSubject,
  { annotationNames }: IdentityWebhookSettings
): string[] {
  return textOf(annotations[annotationNames.audience]) === undefined
    ? []
    : [
        `its tokens have an audience of their own (${annotationNames.audience}), which EKS Pod Identity does not use`
      ]
}

/** Whether a runner has pods to replace, or may have some. */
const hasPods = ({ pods }: Runner, { isComplete }: MigrationContext): boolean =>
  !isComplete || pods.some(({ isOver }) => !isOver)

/** The other service accounts with the same new trust policy. */
const othersWith = (document: object, candidate: Candidate, trusted: TrustOfAll): string[] =>
  [...trusted].flatMap(([other, result]) =>
    other !== candidate && result.state === 'trusted' && result.document === document
      ? `${other.account.namespace}/${other.account.name}`
      : []
  )

function agentNote({ podIdentityAgent }: Sources, { kubectl }: CommandStyle): string[] {
  return podIdentityAgent === undefined
    ? [
        `it is unknown whether the EKS Pod Identity Agent runs (EKS Auto Mode has it built in); find out: ${kubectl} get daemonset eks-pod-identity-agent -n kube-system`
      ]
    : []
}
