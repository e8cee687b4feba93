import type { Check, Installation, LiveObject, Reading } from './check.js'
import { shippedNamespace } from './shipped.js'

/**
 * The only check that is shown if the cluster has no irsa-guard; undefined if one of irsa-guard's main objects
 * exists or could not be read.
 */
export function judgeAbsence(
  objects: readonly Reading<LiveObject | undefined>[],
  { kubectl, clusterFlags, namespace }: Installation
): Check | undefined {
  if (objects.some((object) => object.state === 'unknown' || object.value !== undefined)) return undefined
  const own = namespace === shippedNamespace ? '' : ` -n ${namespace}`

  return {
    check: 'installation',
    state: 'wrong',
    message: `irsa-guard is not installed in namespace ${namespace}`,
    because: `to check whether it can be installed: irsa-guard status --pre${clusterFlags}${own}`,
    fix: `${kubectl} apply -k DIR   # DIR: a kustomization of manifests/, or install the Helm chart (docs/install.md)`
  }
}
