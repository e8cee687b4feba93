import { requestOf } from '../../facts/associations.js'
import type { AccountName, AssociationSource } from '../../facts/facts.js'
import {
  type AdmittedIdentity,
  admittedIdentityOf,
  setsOwn
} from '../../identity-webhook/admitted-identity.js'
import type { IdentityWebhookSettings } from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import { type KubeObject, readObject } from '../../kube/read.js'
import { canI } from '../../kube/refusals.js'
import type { AssociationLookup } from '../../model/association.js'
import { type Fact, known, moot } from '../../model/fact.js'
import { parsePod } from '../../model/pod.js'
import type { AccountLookup } from '../../model/service-account.js'
import { workloadPath } from '../../model/workload-kind.js'
import { quote } from '../../text/escape.js'
import { annotationsOf, textOf } from '../../text/record.js'
import { loadClusterObject } from './cluster.js'
import { buildPod, dryRunPod } from './dry-run-pod.js'
import type { ObjectReference } from './object-reference.js'

/** The outcome of one dry run. */
export type Attempt = AdmittedIdentity | { readonly state: 'unknown'; readonly because: string }

/** The service account or workload to create a pod for, and what is known about its cluster. */
export interface AttemptContext {
  readonly client: KubeClient
  readonly reference: ObjectReference
  readonly settings: IdentityWebhookSettings
  /** The cluster's associations, if they can be looked up. */
  readonly associations: AssociationSource | undefined
  /** The flags of kubectl that choose this cluster. */
  readonly flags: string
}

/**
 * Creates a pod for a service account, or from a workload's template, in a dry run, and judges how the
 * identity webhook changed the pod. Throws ERR_INPUT if the object does not exist, or if the user is not
 * allowed to read it or to create pods, and ERR_KUBECONFIG if the API server does not answer.
 */
export async function attemptIdentity(context: AttemptContext, signal: AbortSignal): Promise<Attempt> {
  const { client, reference, settings, associations, flags } = context
  const { kind, namespace, name } = reference
  const path = workloadPath(kind, namespace, name)
  const shown = `${kind.short}/${name}`
  const object = await loadClusterObject(
    client,
    path,
    `${shown} in namespace ${namespace}`,
    `${canI('GET', path)}${flags}`
  )
  const body = buildPod(reference, object)
  const sent = parsePod(body)
  if (body === undefined || sent === undefined)
    return { state: 'unknown', because: `${shown} has no pod template` }

  const runsAs: AccountName = { namespace, name: sent.serviceAccountName }
  const [account, association] = await Promise.all([
    kind.kind === 'ServiceAccount' ? asAccount(object) : readAccount(client, runsAs, signal),
    associations?.findAssociation(runsAs, { namespace, deadline: { signal }, fresh: true }) ?? notLookedUp
  ])
  if (account.state === 'known' && !account.value.exists)
    return absent(`service account ${namespace}/${runsAs.name} does not exist`)
  const request = requestOf(runsAs, account, settings)
  const isNothingRequested =
    request.state === 'known' && request.value === undefined && !sent.containers.some(setsOwn)
  const reason = isNothingRequested ? reasonOfNothing(runsAs, account, association, settings) : undefined
  if (reason?.isFinal === true) return reason

  const dryRun = await dryRunPod({ client, namespace, flags }, body, signal)
  if (dryRun.state === 'unknown') return dryRun
  if (dryRun.state === 'absent') return absent(dryRun.because)
  const admitted = parsePod(dryRun.pod)
  if (admitted === undefined)
    return { state: 'unknown', because: 'the API server did not return the dry-run pod' }
  const identity = admittedIdentityOf({ sent, admitted, request, association, settings })

  return identity.state === 'absent' && !identity.isFinal ? (reason ?? identity) : identity
}

const notLookedUp = moot('associations are looked up only with --aws')

const absent = (because: string, isFinal = false): Extract<Attempt, { state: 'absent' }> => ({
  state: 'absent',
  because,
  isFinal
})

const asAccount = (object: KubeObject): Fact<AccountLookup> =>
  known({ exists: true, annotations: annotationsOf(object) })

async function readAccount(
  client: KubeClient,
  { namespace, name }: AccountName,
  signal: AbortSignal
): Promise<Fact<AccountLookup>> {
  const read = await readObject(client, `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`, { signal })
  if (read.state !== 'known') return read

  return read.value === undefined ? known({ exists: false }) : asAccount(read.value)
}

/** Why a service account that requests no role gets none; undefined if its association gives it one. */
function reasonOfNothing(
  { namespace, name }: AccountName,
  account: Fact<AccountLookup>,
  association: Fact<AssociationLookup>,
  { annotationNames }: IdentityWebhookSettings
): Extract<Attempt, { state: 'absent' }> | undefined {
  if (association.state === 'known' && association.value.exists) return undefined

  const annotations = account.state === 'known' && account.value.exists ? account.value.annotations : {}
  const key = annotationNames['role-arn']
  const asked = textOf(annotations[key])
  const requests =
    asked === undefined
      ? `service account ${namespace}/${name} requests no role`
      : `${key} of service account ${namespace}/${name} is ${quote(asked)}, which is not the ARN of a role`

  return association.state === 'known'
    ? absent(`${requests}, and it has no EKS Pod Identity association`, true)
    : absent(
        `${requests}, and it is not known whether it has an EKS Pod Identity association (${association.because})`
      )
}
