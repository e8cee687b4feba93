import type { Certificate } from '../../x509/certificate.js'
import { type AcceptedBundles, bundleTextOf } from '../accepted-texts.js'
import { bestOrder, type Rotation } from '../rotation.js'
import type { BundleHolder } from './bundle-holders.js'
import { listOfCas, missingFrom, newestOf } from './missing-cas.js'
import type { JudgedRow } from './row.js'

/** Judges the CAs that Kubernetes publishes to pods in the ConfigMap kube-root-ca.crt. */
export function judgePublishedCas(published: readonly Certificate[], rotation: Rotation): JudgedRow {
  const subject = 'published-cas'
  const name = 'ConfigMap kube-root-ca.crt'
  const { now, next } = missingFrom(published, rotation)
  const missing = [...now, ...next]
  if (missing.length === 0)
    return { row: { subject, name, state: 'ok', message: `it contains ${listOfCas(published)}` } }

  return {
    row: {
      subject,
      name,
      state: 'lacks',
      message: `it contains ${listOfCas(published)} and lacks ${listOfCas(missing)}, so pods do not trust that CA`
    },
    fix: { step: 'wait', advice: `wait until ${name} contains ${listOfCas(missing)}, then run this again` }
  }
}

/**
 * Judges whether irsa-guard's policy would accept the bundle with all trusted CAs. The controller publishes
 * the accepted bundles. Empty if the policy denies no bundle of a webhook alongside the API server.
 */
export function judgeWebhookTrust(
  entries: readonly AcceptedBundles[],
  holders: readonly BundleHolder[],
  rotation: Rotation
): JudgedRow[] {
  const bundle = bundleTextOf(bestOrder(rotation))
  const guarded = holders.flatMap(({ place, webhook }) =>
    place === 'control-plane'
      ? entries.filter(({ name, action }) => name === webhook?.name && action === 'Deny')
      : []
  )
  if (guarded.length === 0) return []

  const subject = 'webhook-trust'
  const name = 'WebhookTrust cluster'
  const behind = guarded.find(({ accepted }) => !accepted.includes(bundle))
  if (behind === undefined)
    return [
      { row: { subject, name, state: 'ok', message: 'the policy accepts a bundle with all trusted CAs' } }
    ]
  const newest = newestOf(rotation)

  return [
    {
      row: {
        subject,
        name,
        state: 'lacks',
        message: `the policy would deny a bundle with all trusted CAs for webhook ${behind.name}, because the controller has not published ${newest === undefined ? 'the CA' : listOfCas([newest])} yet`
      },
      fix: {
        step: 'wait',
        advice: 'wait until the controller has published the new bundles (30 s), then run this again'
      }
    }
  ]
}
