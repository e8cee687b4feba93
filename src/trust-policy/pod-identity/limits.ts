import { hasWildcard } from '../../text/glob.js'
import type { Condition } from '../policy.js'
import { hasVariable } from '../variables.js'
import { type Caller, principalTag, requestTag } from './caller.js'

/** Which values a statement's conditions limit to those of this caller. */
export interface Pinned {
  readonly cluster: boolean
  readonly namespace: boolean
  readonly serviceAccount: boolean
}

/** Whether a condition requires exactly the given value, without wildcards or variables. */
const isExactly = ({ operator, values }: Condition, value: string): boolean =>
  (operator.family === 'string' || operator.family === 'arn') &&
  operator.asDocumented &&
  !operator.negated &&
  !operator.ifExists &&
  operator.quantifier === undefined &&
  operator.relation !== 'equals-ignore-case' &&
  values.length > 0 &&
  values.every((one) => one === value) &&
  !hasVariable(value) &&
  !(operator.relation === 'like' && hasWildcard(value))

/**
 * Which values the conditions limit to those of the caller. The external ID for a target role contains the
 * cluster, the namespace and the service account.
 */
export function pinnedBy(conditions: readonly Condition[], caller: Caller): Pinned {
  const { cluster, namespace, serviceAccount, firstRole } = caller
  const pins = (keys: readonly string[], value: string): boolean =>
    conditions.some((condition) => keys.includes(condition.lowerKey) && isExactly(condition, value))
  // In the call for a target role, the tags of the first session are principal tags.
  const tag = (name: string): string[] =>
    firstRole === undefined ? [requestTag + name] : [requestTag + name, principalTag + name]
  const byExternalId = firstRole !== undefined && pins(['sts:externalid'], firstRole.externalId)

  return {
    cluster:
      byExternalId ||
      pins([...tag('eks-cluster-arn'), ...(firstRole === undefined ? ['aws:sourcearn'] : [])], cluster.text),
    namespace: byExternalId || pins(tag('kubernetes-namespace'), namespace),
    serviceAccount: byExternalId || pins(tag('kubernetes-service-account'), serviceAccount)
  }
}
