import type { Certificate } from '../../x509/certificate.js'
import type { AcceptedBundles } from '../accepted-texts.js'
import type { Rotation } from '../rotation.js'
import type { BundleHolder } from './bundle-holders.js'
import { judgeBundle } from './judge-bundle.js'
import { judgeKubeconfig, type KubeconfigCluster, type KubeconfigTarget } from './judge-kubeconfig.js'
import { judgeNodes, type RunningNode } from './judge-nodes.js'
import { judgePods } from './judge-pods.js'
import { judgePublishedCas, judgeWebhookTrust } from './judge-published.js'
import { judgeWithoutRole, type PodsWithoutRole } from './judge-without-role.js'
import { listOfCas, newestOf } from './missing-cas.js'
import type { Appended, JudgedRow, PreflightRow, PreflightStep, PreflightSubject } from './row.js'
import type { RunningPod } from './running-pod.js'
import { type PreflightCommands, stepsOf } from './steps.js'

/** What was read for a preflight. */
export interface PreflightFacts {
  readonly rotation: Rotation
  readonly published: PreflightFact<readonly Certificate[]>
  /** The bundles that the policy accepts; undefined if irsa-guard is not installed. */
  readonly accepted: PreflightFact<readonly AcceptedBundles[] | undefined>
  /** The bundles, grouped by the kind of the objects that contain them. */
  readonly holders: readonly {
    readonly subject: PreflightSubject
    /** The name of the kind, for messages, such as `MutatingWebhookConfigurations`. */
    readonly name: string
    readonly read: PreflightFact<readonly BundleHolder[]>
  }[]
  readonly kubeconfigs: readonly KubeconfigCluster[]
  /** When the newest CA was handed out. */
  readonly appended: PreflightFact<Appended>
  readonly nodes: PreflightFact<readonly RunningNode[]>
  readonly pods: PreflightFact<readonly RunningPod[]>
  /** Pods without their role; undefined if the newest CA does not sign yet. */
  readonly withoutRole: PreflightFact<PodsWithoutRole> | undefined
  /** Why EKS's response was not used, if EKS was queried. */
  readonly eksProblem: string | undefined
  readonly target: KubeconfigTarget
  readonly commands: PreflightCommands
  readonly at: Date
}

/**
 * A fact of a preflight. If it is unknown because of a missing permission, `check` is the command that shows
 * whether the user has that permission.
 */
export type PreflightFact<T> =
  | { readonly state: 'known'; readonly value: T }
  | { readonly state: 'unknown'; readonly because: string; readonly check?: string | undefined }

/** What the activation of the next cluster CA breaks, and how to prepare for it. */
export interface Preflight {
  readonly rotation: Rotation
  readonly rows: readonly PreflightRow[]
  readonly steps: readonly PreflightStep[]
}

/** Judges everything that trusts the cluster CA. Never throws. */
export function preflightOf(facts: PreflightFacts): Preflight {
  const judged = judgedRowsOf(facts)
  const rows = judged.map(({ row }) => row)

  return { rotation: facts.rotation, rows, steps: stepsOf(judged, facts, bundlesOf(facts)) }
}

function judgedRowsOf(facts: PreflightFacts): JudgedRow[] {
  const { rotation, published, accepted, holders, kubeconfigs, target, commands, eksProblem } = facts
  if (rotation.trusted.length === 0)
    return unread('published-cas', 'cluster CA', { because: 'no CA of this cluster is confirmed' })
  const bundles = bundlesOf(facts)

  return [
    ...(eksProblem === undefined ? [] : unread('eks', 'certificate authorities', { because: eksProblem })),
    ...judge(published, 'published-cas', 'ConfigMap kube-root-ca.crt', (cas) => [
      judgePublishedCas(cas, rotation)
    ]),
    ...judge(accepted, 'webhook-trust', 'WebhookTrust cluster', (entries = []) =>
      judgeWebhookTrust(entries, bundles, rotation)
    ),
    ...bundles.map((holder) => judgeBundle(holder, rotation, commands.kubectl)),
    ...holders.flatMap(({ subject, name, read }) => judge(read, subject, name, () => [])),
    ...kubeconfigs.flatMap((entry) => judgeKubeconfig(entry, rotation, target) ?? []),
    ...runningRowsOf(facts)
  ]
}

const bundlesOf = ({ holders }: PreflightFacts): BundleHolder[] =>
  holders
    .flatMap(({ read }) => (read.state === 'known' ? read.value : []))
    .sort((one, other) => places.indexOf(one.place) - places.indexOf(other.place))

/** The order of the patches: servers that fail silently come first. */
const places: readonly BundleHolder['place'][] = ['control-plane', 'loopback', 'elsewhere']

/**
 * The rows about nodes and pods. There are none if the cluster has only one CA, because no node or pod can
 * then lack a newer one.
 */
function runningRowsOf({
  rotation,
  appended,
  nodes,
  pods,
  withoutRole,
  commands
}: PreflightFacts): JudgedRow[] {
  const newest = newestOf(rotation)
  if (newest === undefined) return []
  const since = appended.state === 'known' ? appended.value : undefined
  const { kubectl } = commands
  const old = [
    ...(appended.state === 'known'
      ? []
      : unread('pods', `nodes and pods older than ${listOfCas([newest])}`, appended)),
    ...judge(nodes, 'node', 'nodes', (all) => (since === undefined ? [] : judgeNodes(all, since))),
    ...judge(pods, 'pods', 'pods', (all) => (since === undefined ? [] : judgePods(all, since, kubectl)))
  ]

  return [
    ...old,
    ...(withoutRole === undefined
      ? []
      : judge(withoutRole, 'role', 'pods without their role', (found) => judgeWithoutRole(found, kubectl)))
  ]
}

/** The rows about a fact, or one row that says why it is unknown. */
const judge = <T>(
  fact: PreflightFact<T>,
  subject: PreflightSubject,
  name: string,
  rowsOf: (value: T) => JudgedRow[]
): JudgedRow[] => (fact.state === 'known' ? rowsOf(fact.value) : unread(subject, name, fact))

const unread = (
  subject: PreflightSubject,
  name: string,
  { because, check }: { readonly because: string; readonly check?: string | undefined }
): JudgedRow[] => [{ row: { subject, name, state: 'unknown', message: because, check } }]
