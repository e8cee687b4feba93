import type { Unused } from '../../output/scan-report.js'
import type { ScannedCluster } from './scan-cluster.js'

/** The roles and service accounts of clusters that nobody uses. */
export async function unusedIn(_: readonly ScannedCluster[]): Promise<Unused> {
  return {}
}
