import type { Webhook } from '../model/webhook-configuration.js'
import { diagnoseBundle, type Diagnosis } from './diagnose.js'
import { assessBundle, type BundleAssessment } from './state.js'

/**
 * Several rules diagnose the same bundle, and a hostile one takes a tenth of a second each time. Diagnoses
 * are therefore cached for as long as their `Webhook` is in memory.
 */
const diagnoses = new WeakMap<Webhook, { at: number; diagnosis: Diagnosis }>()
const assessments = new WeakMap<Webhook, { at: number; clusterCa: string; assessment: BundleAssessment }>()

/**
 * Diagnoses a webhook's bundle without comparing it with the expected CAs. A webhook without a bundle has no
 * faults.
 */
export function diagnosisOf(webhook: Webhook, at: Date): Diagnosis {
  const known = diagnoses.get(webhook)
  if (known?.at === at.getTime()) return known.diagnosis

  const diagnosis = diagnoseBundle(webhook.caBundle ?? '', at)
  diagnoses.set(webhook, { at: at.getTime(), diagnosis })

  return diagnosis
}

/** Assesses the bundle of a control-plane webhook against the cluster's current CAs. */
export function assessClusterBundle(webhook: Webhook, clusterCa: string, at: Date): BundleAssessment {
  const known = assessments.get(webhook)
  if (known?.at === at.getTime() && known.clusterCa === clusterCa) return known.assessment

  const assessment = assessBundle({ caBundle: webhook.caBundle, currentCas: clusterCa, at })
  assessments.set(webhook, { at: at.getTime(), clusterCa, assessment })

  return assessment
}
