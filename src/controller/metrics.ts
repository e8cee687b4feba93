import type { ClusterCas } from '../ca-bundle/confirm-cas.js'
import type { Finding } from '../model/finding.js'
import type { Metrics } from '../process/metrics.js'
import { parseBundle } from '../x509/bundle.js'
import { newestGo } from '../x509/go-version.js'
import type { Assessment } from './assessment.js'
import type { ConfigurationFinding } from './configuration-findings.js'
import type { Probes } from './probes/probes.js'

/** Sets the metric that counts the current findings about webhook configurations and from the background scan. */
export function showFindings(
  { findings: gauge }: Metrics,
  findings: readonly ConfigurationFinding[],
  scanned: Iterable<Pick<Finding, 'rule' | 'severity'>>
): void {
  gauge.reset()
  for (const { rule, severity } of [...findings, ...scanned]) gauge.inc({ rule, severity })
}

/** Sets the metric for the state of each guarded bundle. */
export function showAssessments({ caBundleState }: Metrics, assessments: readonly Assessment[]): void {
  caBundleState.reset()
  for (const { guarded, state } of assessments) {
    caBundleState.set({ webhook: `${guarded.configuration.name}/${guarded.webhook.name}`, state }, 1)
  }
}

/**
 * Sets the metrics for the cluster's CAs. While no CA is confirmed, their number is 0 and they have no expiry.
 */
export function showClusterCas(
  { clusterCaUnconfirmed, clusterCas, clusterCaExpiry }: Metrics,
  { confirmed = '', doubt }: ClusterCas
): void {
  const ends = parseBundle(Buffer.from(confirmed), newestGo).certificates.map(({ notAfter }) => notAfter)
  clusterCaUnconfirmed.set(doubt === undefined ? 0 : 1)
  clusterCas.set(ends.length)
  if (ends.length === 0) clusterCaExpiry.remove()
  else clusterCaExpiry.set(Math.min(...ends) / 1000)
}

/**
 * Sets the metrics for the canary and the self-test. A check that could not be run has no sample, so that an
 * alert on 0 does not fire.
 */
export function showProofs({ identityWebhookMutating, selfTest }: Metrics, probes: Probes): void {
  identityWebhookMutating.reset()
  selfTest.reset()
  for (const [address, { state }] of probes.canary)
    if (state !== 'unknown') identityWebhookMutating.set({ api_server: address }, state === 'works' ? 1 : 0)
  for (const check of ['webhook', 'policy'] as const)
    for (const [address, { state }] of probes[check])
      if (state !== 'unknown') selfTest.set({ check, api_server: address }, state === 'works' ? 1 : 0)
}
