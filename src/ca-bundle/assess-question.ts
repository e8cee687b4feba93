import { parseBundle, parseCaBundle } from '../x509/bundle.js'
import { goMinorOf } from '../x509/go-version.js'
import { type BundleQuestion, currentCasOf, pemTextOf } from './bundle-question.js'
import { assessBundle, assessByExpected, type BundleAssessment } from './state.js'

/** The assessment of the bundle against the expected CAs; undefined if none were looked up. */
export function assessmentBy(
  question: BundleQuestion
): Pick<BundleAssessment, 'state' | 'because'> | undefined {
  const { caBundle, served, unconfirmed, injected, published, expected, notKnown, at, go } = question
  const currentCas = currentCasOf(question)
  if (currentCas === undefined && notKnown === undefined) return undefined

  const formerCas = [injected?.former, injected?.earlier, ...(published?.accepted ?? []).map(pemTextOf)]
  const assessment = expected
    ? assessByExpected(expected, { caBundle, served, at, go })
    : assessBundle({
        caBundle,
        currentCas: currentCas ?? '',
        formerCas: formerCas.filter((pem) => pem !== undefined).join('\n'),
        source: injected?.source,
        served,
        at,
        go
      })
  if (assessment.state === 'unknown' && notKnown !== undefined)
    return { state: 'unknown', because: `the expected CA is unknown: ${notKnown}` }
  // The bundle contains no confirmed CA, but it does contain one that might be the cluster's.
  if (
    unconfirmed !== undefined &&
    (assessment.state === 'foreign' || assessment.state === 'stale') &&
    holdsAny(caBundle, unconfirmed.cas, go)
  )
    return {
      state: 'unknown',
      because: `it is not certain that its CA is the cluster CA: ${unconfirmed.doubt}`
    }
  // An accepted bundle may still work, because the webhook may serve a certificate signed by the previous CA.
  if (assessment.state === 'stale' && published?.accepted.includes(caBundle))
    return { ...assessment, state: 'incomplete' }

  return assessment
}

function holdsAny(caBundle: string, cas: string, go: string | undefined): boolean {
  const wanted = parseBundle(Buffer.from(cas), goMinorOf(go)).certificates

  return (
    parseCaBundle(caBundle, goMinorOf(go))?.certificates.some(({ raw }) =>
      wanted.some((ca) => ca.raw.equals(raw))
    ) ?? false
  )
}
