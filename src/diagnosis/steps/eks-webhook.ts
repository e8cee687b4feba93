/**
 * The identity webhook as EKS registers it, without its address. EKS does not document it; this is what
 * `kubectl get mutatingwebhookconfiguration pod-identity-webhook` shows in a new cluster
 * (https://github.com/aws/amazon-eks-pod-identity-webhook/issues/68).
 */
export const eksWebhook = {
  rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: '*' }],
  namespaceSelector: {},
  objectSelector: {
    matchExpressions: [{ key: 'eks.amazonaws.com/skip-pod-identity-webhook', operator: 'DoesNotExist' }]
  }
} as const

/** The whole configuration, for a cluster that has lost it. `clusterCa` is PEM. */
export const eksWebhookConfiguration = (clusterCa: string): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'pod-identity-webhook' },
  webhooks: [
    {
      name: 'iam-for-pods.amazonaws.com',
      admissionReviewVersions: ['v1beta1'],
      clientConfig: {
        url: 'https://127.0.0.1:23443/mutate',
        caBundle: Buffer.from(clusterCa).toString('base64')
      },
      failurePolicy: 'Ignore',
      matchPolicy: 'Equivalent',
      ...eksWebhook,
      reinvocationPolicy: 'IfNeeded',
      sideEffects: 'None'
    }
  ]
})
