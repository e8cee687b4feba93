import type { KubeClient } from '../../kube/client.js'
import { readObject } from '../../kube/read.js'
import { listOf, recordOf } from '../../text/record.js'

/** A kind of report that other tools display. */
export interface ReportKind {
  /** Such as `openreports.io/v1alpha1`. */
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
}

/** The kinds that irsa-guard can write, in the order of preference. */
const reportKinds: readonly ReportKind[] = [
  { apiVersion: 'openreports.io/v1alpha1', kind: 'Report', plural: 'reports' },
  { apiVersion: 'wgpolicyk8s.io/v1alpha2', kind: 'PolicyReport', plural: 'policyreports' }
]

/**
 * Reads which kinds of reports the API server serves. Undefined if it does not respond. Every authenticated
 * user may read this: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles
 */
export async function readReportKinds(client: KubeClient): Promise<readonly ReportKind[] | undefined> {
  const found = await Promise.all(
    reportKinds.map(async ({ apiVersion, plural }) => {
      const read = await readObject(client, `/apis/${apiVersion}`)
      if (read.state === 'unknown') return undefined

      return listOf(read.value?.['resources']).some((resource) => recordOf(resource)['name'] === plural)
    })
  )

  return found.includes(undefined) ? undefined : reportKinds.filter((_kind, index) => found[index])
}

/** The path of all reports of a kind, or of all those in a namespace. */
export const reportsPath = ({ apiVersion, plural }: ReportKind, namespace?: string): string =>
  `/apis/${apiVersion}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}`
