import type { AcceptedBundles } from '../../ca-bundle/accepted-texts.js'
import { ownWebhooks } from '../../ca-bundle/guarded-webhooks.js'
import type { IdentityWebhookSettings } from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import { statusMessage } from '../../kube/read.js'
import type { KubeResponse } from '../../kube/response.js'
import { loadWebhookTrust } from '../../sources/cluster/webhook-trust.js'
import { recordOf } from '../../text/record.js'
import { canaryNamespace, ownNames } from '../own-names.js'
import { isPublished } from '../webhook-trust.js'

/** The outcome of a check: the checked component works or fails, or the check could not be run. */
export type Proof =
  { readonly state: 'works' } | { readonly state: 'fails' | 'unknown'; readonly because: string }

/**
 * Proves that the API server calls irsa-guard. In a dry run, creates a service account that must be denied.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
 */
export async function proveWebhook(
  client: KubeClient,
  { annotationNames }: IdentityWebhookSettings
): Promise<Proof> {
  const annotations = { [annotationNames['role-arn']]: 'arn:aws:iam::000000000000:policy/self-test' }
  const response = await client.request({
    method: 'POST',
    path: `/api/v1/namespaces/${canaryNamespace}/serviceaccounts`,
    query: { dryRun: 'All' },
    body: {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'irsa-guard-self-test', annotations }
    }
  })
  const { status } = response
  const message = statusMessage(response)
  if (status === 403 && message.includes('validate.irsa-guard.io')) return { state: 'works' }
  if (status === 201 && isKind(response, 'ServiceAccount'))
    return {
      state: 'fails',
      because: 'a service account that must be denied was admitted: the API server does not call irsa-guard'
    }

  return { state: 'unknown', because: `the API server answered ${status}: ${message}` }
}

/**
 * Proves that the caBundle policy denies unexpected CAs and uses what the controller published. In a dry run,
 * patches an unexpected CA into our own webhook. If the policy denies it, compares the stored WebhookTrust with
 * the published entries. If users manage the certificates themselves, the policies only warn about the CA,
 * unless `caBundle.enforce` names the webhook.
 */
export async function provePolicy(
  client: KubeClient,
  { wrongCaBundle, published }: { wrongCaBundle: string; published: readonly AcceptedBundles[] | undefined }
): Promise<Proof> {
  const response = await client.request({
    method: 'PATCH',
    path: `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${ownNames.webhookConfiguration}`,
    query: { dryRun: 'All' },
    contentType: 'application/json-patch+json',
    body: [{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: wrongCaBundle }]
  })
  const { status } = response
  const message = statusMessage(response)
  // A denial by another policy proves nothing about ours.
  if (status === 403 && message.includes(`ValidatingAdmissionPolicy '${ownNames.denyPolicy}'`)) {
    const stored = published === undefined ? undefined : await loadWebhookTrust(client)
    return stored === undefined || published === undefined || isPublished(stored, published)
      ? { state: 'works' }
      : {
          state: 'fails',
          because: 'another client changed WebhookTrust "cluster", which the policy relies on'
        }
  }
  if (status === 200 && isKind(response, 'ValidatingWebhookConfiguration')) {
    const entries = published ?? (await loadWebhookTrust(client))?.entries
    const entry = entries?.find(({ name }) => name === ownWebhooks[0])
    if (entry?.action === 'Warn') return proveWarning(response, entry)

    return {
      state: 'fails',
      because: `an unexpected caBundle was admitted: policy ${ownNames.denyPolicy} does not deny it`
    }
  }

  return { state: 'unknown', because: `the API server answered ${status}: ${message}` }
}

/** Proves that a policy warned about the unexpected CA. */
function proveWarning({ warnings }: KubeResponse, { accepted }: AcceptedBundles): Proof {
  if (warnings.some((text) => text.includes(`ValidatingAdmissionPolicy '${ownNames.warnPolicy}'`)))
    return { state: 'works' }

  return accepted.length === 0
    ? {
        state: 'unknown',
        because:
          "the CA of irsa-guard's own webhook is unknown, so the policies do not compare its caBundle (tls.managed is false)"
      }
    : {
        state: 'fails',
        because: `an unexpected caBundle was admitted: policy ${ownNames.warnPolicy} does not warn about it`
      }
}

/** Whether the API server returned an object of this kind. A proxy's page can have a success status, too. */
const isKind = ({ body }: KubeResponse, kind: string): boolean => recordOf(body)['kind'] === kind
