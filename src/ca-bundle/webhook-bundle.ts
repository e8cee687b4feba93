import type { Webhook } from '../model/webhook-configuration.js'
import { diagnoseBundle, type Diagnosis } from './diagnose.js'
import { type BundleStanding, standingOf } from './state.js'

/**
 * Several rules ask the same of one bundle, and a hostile one costs a tenth of a second each time: so answers
 * are remembered as long as the webhook they are about exists.
 */
const diagnoses = new WeakMap<Webhook, { at: number; diagnosis: Diagnosis }>()
const standings = new WeakMap<Webhook, { at: number; clusterCa: string; standing: BundleStanding }>()

/** Says what is wrong with a webhook's bundle in itself. A webhook without a bundle has no faults. */
export function diagnosisOf(webhook: Webhook, at: Date): Diagnosis {
  const known = diagnoses.get(webhook)
  if (known?.at === at.getTime()) return known.diagnosis

  const diagnosis = diagnoseBundle(webhook.caBundle ?? '', at)
  diagnoses.set(webhook, { at: at.getTime(), diagnosis })

  return diagnosis
}

/** Says how the bundle of a webhook in the control plane stands to the cluster's current CAs. */
export function clusterStandingOf(webhook: Webhook, clusterCa: string, at: Date): BundleStanding {
  const known = standings.get(webhook)
  if (known?.at === at.getTime() && known.clusterCa === clusterCa) return known.standing

  const standing = standingOf({ caBundle: webhook.caBundle, currentCas: clusterCa, at })
  standings.set(webhook, { at: at.getTime(), clusterCa, standing })

  return standing
}
