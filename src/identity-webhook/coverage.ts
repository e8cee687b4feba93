import { isEksWebhook, type Webhook } from '../model/webhook-configuration.js'
import { isRecord, listOf, recordOf, textOf } from '../text/record.js'

/**
 * A part of a webhook's registration that keeps the API server from calling the webhook for some or all new
 * pods.
 */
export interface Exclusion {
  readonly field: 'rules' | 'namespaceSelector' | 'objectSelector' | 'matchConditions'
  /**
   * `sure`: pods that need a role are missed. `perhaps`: the exclusion may be intended, or irsa-guard cannot
   * evaluate it.
   */
  readonly certainty: 'sure' | 'perhaps'
  /** Completes "the API server does not call it". */
  readonly when: string
}

/**
 * Labels that exclude pods and namespaces in working setups: the bypass label of EKS and upstream, and
 * OpenShift's control-plane label.
 */
const usualBypass: ReadonlySet<string> = new Set([
  'eks.amazonaws.com/skip-pod-identity-webhook',
  'openshift.io/run-level'
])
// Every namespace has this label:
// https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name
const namespaceName = 'kubernetes.io/metadata.name'

/** Describes the new pods for which an identity webhook is not called, except for pods that opt out. */
export function exclusionsOf(webhook: Webhook): Exclusion[] {
  if (!webhook.rules.some(isRuleForPods)) {
    return [
      {
        field: 'rules',
        certainty: 'sure',
        when: 'for any pod: no rule covers pods (group "", version v1, operation CREATE)'
      }
    ]
  }
  const conditions = webhook.matchConditions.filter(
    (condition) => recordOf(condition)['expression'] !== 'true'
  )
  const names = conditions.map((condition) => textOf(recordOf(condition)['name']) ?? 'without a name')

  return [
    ...selectorExclusions(webhook, 'namespaceSelector'),
    ...selectorExclusions(webhook, 'objectSelector'),
    ...(names.length === 0
      ? []
      : [
          {
            field: 'matchConditions',
            certainty: 'perhaps',
            when: `for pods that do not meet match condition ${names.join(', ')} (irsa-guard cannot evaluate it)`
          } as const
        ])
  ]
}

/**
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules
 */
function isRuleForPods(rule: unknown): boolean {
  const { apiGroups, apiVersions, operations, resources, scope } = recordOf(rule)
  const has = (list: unknown, ...wanted: readonly string[]): boolean =>
    listOf(list).some((entry) => entry === '*' || wanted.some((one) => one === entry))

  return (
    has(apiGroups, '') &&
    has(apiVersions, 'v1') &&
    has(operations, 'CREATE') &&
    // The subresource `*` also matches requests without a subresource (k8s.io/apiserver,
    // pkg/admission/plugin/webhook/predicates/rules).
    has(resources, 'pods', 'pods/*', '*/*') &&
    scope !== 'Cluster'
  )
}

function selectorExclusions(webhook: Webhook, field: 'namespaceSelector' | 'objectSelector'): Exclusion[] {
  const selector = recordOf(webhook[field])
  const who = field === 'namespaceSelector' ? 'for pods in namespaces' : 'for pods'
  const isEks = isEksWebhook(webhook)
  const labels = Object.entries(recordOf(selector['matchLabels'])).map(([key, value]) => ({
    key,
    operator: 'In',
    values: [value]
  }))

  return [...labels, ...listOf(selector['matchExpressions'])]
    .filter(isRecord)
    .flatMap(({ key, operator, values }): Exclusion[] => {
      const label = textOf(key) ?? ''
      const list = listOf(values).map(textOf).join(', ')
      const isNamespaceName = field === 'namespaceSelector' && label === namespaceName
      switch (operator) {
        case 'In':
        case 'Exists': {
          if (isNamespaceName && operator === 'Exists') return []
          // The owner of a self-managed webhook may want it only for labeled pods. The EKS webhook is
          // expected to be called for all pods.
          const certainty = isEks ? 'sure' : 'perhaps'
          return [
            {
              field,
              certainty,
              when: `${who} without the label ${label}${operator === 'In' ? `=${list}` : ''}`
            }
          ]
        }
        case 'NotIn':
        case 'DoesNotExist':
          if (usualBypass.has(label) || (isNamespaceName && operator === 'NotIn' && !isEks)) return []
          return [
            {
              field,
              certainty: 'perhaps',
              when: `${who} with the label ${label}${operator === 'NotIn' ? `=${list}` : ''}`
            }
          ]
        default:
          return [] // the API server rejects objects with any other operator
      }
    })
}
