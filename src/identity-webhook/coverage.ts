import { isEksWebhook, type Webhook } from '../model/webhook-configuration.js'
import { isRecord, listOf, recordOf, textOf } from '../text/record.js'
import { bypassLabel } from './credentials.js'

/**
 * A part of a webhook's registration that keeps the API server from calling the webhook for some or all new
 * pods.
 */
export interface Exclusion {
  readonly field: 'rules' | 'namespaceSelector' | 'objectSelector' | 'matchConditions'
  /**
   * `sure`: pods that need a role are missed. `perhaps`: the exclusion may be intended, or irsa-guard cannot
   * evaluate it. `usual`: many working setups have such an exclusion, for example for the identity webhook's
   * own pods, so it matters only if it covers a pod that needs a role.
   */
  readonly certainty: 'sure' | 'perhaps' | 'usual'
  /** Completes "the API server does not call it". */
  readonly when: string
  /** Whether the exclusion is known to cover a pod. */
  covers(pod: SelectablePod): boolean
}

/** The parts of a pod that selectors look at. The labels of a namespace may be unknown. */
export interface SelectablePod {
  readonly labels: Readonly<Record<string, unknown>>
  readonly namespace: string
  readonly namespaceLabels: Readonly<Record<string, unknown>> | undefined
}

/** OpenShift's label for control-plane namespaces. */
const runLevel = 'openshift.io/run-level'
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
        when: 'for any pod: no rule covers pods (group "", version v1, operation CREATE)',
        covers: () => false // examples would add nothing
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
            when: `for pods that do not meet ${names.length === 1 ? 'match condition' : 'match conditions'} ${names.join(', ')} (not evaluated by irsa-guard)`,
            covers: () => false
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
  const labels = Object.entries(recordOf(selector['matchLabels'])).map(([key, value]) => ({
    key,
    operator: 'In',
    values: [value]
  }))

  return [...labels, ...listOf(selector['matchExpressions'])]
    .filter(isRecord)
    .flatMap(({ key, operator, values }) => {
      const requirement = { field, label: textOf(key) ?? '', operator, values: listOf(values) }
      const certainty = certaintyOf(requirement, isEksWebhook(webhook))
      return certainty === undefined ? [] : [exclusionOf(requirement, certainty)]
    })
}

/** One requirement of a selector. */
interface Requirement {
  readonly field: 'namespaceSelector' | 'objectSelector'
  readonly label: string
  readonly operator: unknown
  readonly values: readonly unknown[]
}

/** A requirement with more values than this is not meant for just a few control-plane pods. */
const fewValues = 3

/**
 * How certain it is that one requirement excludes pods that need a role; undefined if it excludes none that
 * matter.
 */
function certaintyOf(
  { field, label, operator, values }: Requirement,
  isEks: boolean
): Exclusion['certainty'] | undefined {
  const isNamespaceName = field === 'namespaceSelector' && label === namespaceName
  switch (operator) {
    case 'In':
    case 'Exists':
      if (isNamespaceName && operator === 'Exists') return undefined
      // The owner of a self-managed webhook may want it only for labeled pods. The EKS webhook is expected to
      // be called for all pods.
      return isEks ? 'sure' : 'perhaps'
    case 'NotIn':
    case 'DoesNotExist':
      if (label === bypassLabel) return undefined // mutation-skipped reports such pods
      if (label === runLevel) return 'usual'
      if (isEks) return 'perhaps'
      // The chart at https://github.com/jkroepke/helm-charts and kOps exclude their control plane by pod
      // label, as they must: with failurePolicy Fail, the identity webhook's own pods could not start
      // otherwise.
      if (field === 'objectSelector' && values.length <= fewValues) return 'usual'
      return isNamespaceName && operator === 'NotIn' ? 'usual' : 'perhaps'
    default:
      return undefined // the API server rejects objects with any other operator
  }
}

function exclusionOf(requirement: Requirement, certainty: Exclusion['certainty']): Exclusion {
  const { field, label, operator, values } = requirement
  const who = field === 'namespaceSelector' ? 'for pods in namespaces' : 'for pods'
  const isWanted = operator === 'In' || operator === 'Exists'
  const list = operator === 'In' || operator === 'NotIn' ? `=${values.map(textOf).join(', ')}` : ''

  return {
    field,
    certainty,
    when: `${who} ${isWanted ? 'without' : 'with'} the label ${label}${list}`,
    covers(pod) {
      const labels = field === 'objectSelector' ? pod.labels : namespaceLabelsOf(pod, label)
      if (labels === undefined) return false
      const value = Object.hasOwn(labels, label) ? labels[label] : undefined
      const has = value !== undefined && (list === '' || values.includes(value))

      return has !== isWanted
    }
  }
}

/** Every namespace has its name as a label, so that label is known even if the others are not. */
const namespaceLabelsOf = (
  { namespace, namespaceLabels }: SelectablePod,
  label: string
): SelectablePod['namespaceLabels'] =>
  label === namespaceName && namespace !== '' ? { [namespaceName]: namespace } : namespaceLabels
