import { parseSubject } from '../../src/model/subject.js'
import type { WebhookConfigurationSubject } from '../../src/model/webhook-configuration.js'

/** The identity webhook's entry as EKS registers it, with these changes. */
export const eksWebhook = (changes: object = {}): object => ({
  name: 'iam-for-pods.amazonaws.com',
  admissionReviewVersions: ['v1beta1'],
  clientConfig: { url: 'https://127.0.0.1:23443/mutate' },
  failurePolicy: 'Ignore',
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {
    matchExpressions: [{ key: 'eks.amazonaws.com/skip-pod-identity-webhook', operator: 'DoesNotExist' }]
  },
  reinvocationPolicy: 'IfNeeded',
  rules: [podsRule],
  sideEffects: 'None',
  timeoutSeconds: 10,
  ...changes
})

export const podsRule = {
  apiGroups: [''],
  apiVersions: ['v1'],
  operations: ['CREATE'],
  resources: ['pods'],
  scope: '*'
}

/** The entry of a self-managed identity webhook, served by a Service. */
export const selfManagedWebhook = (changes: object = {}): object =>
  eksWebhook({
    name: 'pod-identity-webhook.amazonaws.com',
    clientConfig: { service: { namespace: 'default', name: 'pod-identity-webhook', path: '/mutate' } },
    objectSelector: {},
    ...changes
  })

/** A webhook configuration with these entries. */
export const configurationOf = (
  webhooks: readonly object[],
  {
    kind = 'MutatingWebhookConfiguration',
    name = 'pod-identity-webhook',
    annotations = {}
  }: { kind?: string; name?: string; annotations?: object } = {}
): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name, annotations },
  webhooks
})

/** A webhook configuration as rules see it. */
export function configurationSubject(object: object): WebhookConfigurationSubject {
  const subject = parseSubject(object, { stage: 'running' })
  if (subject === undefined || !('webhooks' in subject)) throw new Error('not a webhook configuration')

  return subject
}
