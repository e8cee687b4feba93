import { credentialsOf } from '../../identity-webhook/credentials.js'
import { isNewAssociation } from '../../identity-webhook/pod-role.js'
import { probePodOf } from '../../identity-webhook/probe-pod.js'
import type { IdentityWebhookSettings } from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import { createPodInDryRun } from '../../kube/dry-run.js'
import { readObject, statusMessage } from '../../kube/read.js'
import type { AssociationLookup } from '../../model/association.js'
import type { Fact } from '../../model/fact.js'
import { parsePod } from '../../model/pod.js'
import { annotationsOf, isRecord } from '../../text/record.js'
import { canaryAccount, canaryNamespace } from '../own-names.js'
import type { Proof } from './self-test.js'

/**
 * The role of the canary's service account. The role's AWS account does not exist, so no pod can assume it.
 */
export const canaryRole = 'arn:aws:iam::000000000000:role/irsa-guard-canary'

/**
 * Proves that the identity webhook of one API server mutates pods. In a dry run, creates a pod with an
 * annotated service account. The returned pod must contain the environment variables, the projected token and
 * its mount: those of EKS Pod Identity if the service account is known to have an association that is in
 * effect, otherwise those of IRSA or EKS Pod Identity.
 */
export async function proveIdentityWebhook(
  client: KubeClient,
  settings: IdentityWebhookSettings,
  associated: Fact<AssociationLookup>
): Promise<Proof> {
  const response = await createPodInDryRun(client, canaryNamespace, canaryPod)
  const { status, body } = response
  if (status !== 201 || !isRecord(body))
    return {
      state: 'unknown',
      because: `the API server answered the canary pod with ${status}: ${statusMessage(response)}`
    }

  const pod = parsePod(body)
  const container = pod?.containers[0]
  if (pod === undefined || container === undefined)
    return { state: 'unknown', because: 'the canary pod came back without its container' }

  const credentials = credentialsOf(pod, container, settings)
  const hasRole =
    credentials.kind === 'web-identity' &&
    credentials.token !== undefined &&
    credentials.role.value === canaryRole
  // Only the identity webhook can have added these credentials, whether or not irsa-guard knows the
  // association.
  const isOnAgent =
    credentials.kind === 'endpoint' && credentials.isPodIdentity && credentials.token !== undefined
  const found =
    credentials.kind === 'incomplete'
      ? `the container ${credentials.lacks}`
      : 'the pod was returned unchanged'
  if (isOnAgent) return { state: 'works' }
  if (isEffective(associated)) {
    return {
      state: 'fails',
      because: `a pod of a service account with an EKS Pod Identity association did not get container credentials: ${hasRole ? 'the container has the annotated role instead' : found}`
    }
  }
  if (hasRole) return { state: 'works' }

  const unasked = await unaskedRole(client, settings)
  if (unasked !== undefined) return { state: 'unknown', because: unasked }

  return {
    state: 'fails',
    because: `a pod with an annotated service account did not get the account's role: ${found}`
  }
}

/** Whether the identity webhook is known to have seen the association of the canary's service account. */
const isEffective = (associated: Fact<AssociationLookup>): boolean =>
  associated.state === 'known' && associated.value.exists && !isNewAssociation(associated.value, new Date())

/**
 * Why the canary proves nothing: the annotation that the identity webhook reads does not contain the canary's
 * role. Undefined if it does, or if the canary's service account does not exist or cannot be read.
 */
async function unaskedRole(
  client: KubeClient,
  { annotationNames }: IdentityWebhookSettings
): Promise<string | undefined> {
  const account = await readObject(
    client,
    `/api/v1/namespaces/${canaryNamespace}/serviceaccounts/${canaryAccount}`
  )
  if (account.state !== 'known' || account.value === undefined) return undefined
  const key = annotationNames['role-arn']
  if (annotationsOf(account.value)[key] === canaryRole) return undefined

  return `the canary's service account does not request its role: kubectl annotate serviceaccount ${canaryAccount} -n ${canaryNamespace} --overwrite ${key}=${canaryRole}`
}

const canaryPod = probePodOf({ name: 'irsa-guard-canary', serviceAccount: canaryAccount })
