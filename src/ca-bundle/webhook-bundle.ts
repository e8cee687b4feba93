import type { Webhook } from '../model/webhook-configuration.js'
import { diagnoseBundle, type Diagnosis } from './diagnose.js'
import type { ExpectedSets } from './right-bundle.js'
import { assessByExpected, type BundleAssessment } from './state.js'

/**
 * Several rules diagnose the same bundle, and diagnosing a hostile bundle takes a tenth of a second each
 * time. Diagnoses are therefore cached for as long as their `Webhook` is in memory.
 */
const diagnoses = new WeakMap<Webhook, { at: number; diagnosis: Diagnosis }>()
const assessments = new WeakMap<
  Webhook,
  { at: number; expected: ExpectedSets; assessment: BundleAssessment }
>()

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

/** Checks the bundle of a control-plane webhook against the CAs that are expected in it. */
export function assessClusterBundle(webhook: Webhook, expected: ExpectedSets, at: Date): BundleAssessment {
  const known = assessments.get(webhook)
  if (known?.at === at.getTime() && known.expected === expected) return known.assessment

  const assessment = assessByExpected(expected, { caBundle: webhook.caBundle, at })
  assessments.set(webhook, { at: at.getTime(), expected, assessment })

  return assessment
}
