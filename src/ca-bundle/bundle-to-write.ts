import { parseBundle, parseCaBundle } from '../x509/bundle.js'
import type { Certificate } from '../x509/certificate.js'
import { goMinorOf, newestGo } from '../x509/go-version.js'
import { acceptedTexts, bundleTextOf } from './accepted-texts.js'
import type { BundleQuestion } from './bundle-question.js'
import { recoverCertificates } from './recover.js'

/**
 * The bundle to write: the expected CAs if they are known, otherwise the unexpired certificates that the text
 * was meant to contain.
 */
export function repairedText(
  { caBundle, clusterCa, injected, published, policy, at, go }: BundleQuestion,
  current: readonly Certificate[],
  isRefused: boolean
): string | undefined {
  const currentCas = injected?.current ?? clusterCa
  // The policy compares strings, so only a string that it accepts will pass.
  if (currentCas === undefined && published !== undefined)
    return published.complete.includes(caBundle) ? caBundle : published.best
  if (currentCas !== undefined && current.length > 0) {
    if (policy?.complete.includes(caBundle)) return caBundle
    if (
      !isRefused &&
      acceptedTexts(currentCas, {
        acceptedTogether: injected?.former,
        inPlace: caBundle,
        go
      }).complete.includes(caBundle)
    )
      return caBundle
    // The policy's list begins with the CA that signs.
    const best = policy?.complete.find((text) => isBundleOf(text, current))
    if (injected === undefined && best !== undefined) return best
    const former = parseBundle(Buffer.from(injected?.former ?? ''), goMinorOf(go)).certificates
    return bundleTextOf([
      ...current,
      ...former.filter(({ raw }) => !current.some((ca) => ca.raw.equals(raw)))
    ])
  }
  const meant = recoverCertificates(Buffer.from(caBundle, 'base64'), go).filter(
    (certificate) => certificate.notAfter >= at.getTime()
  )

  return meant.length === 0 ? undefined : bundleTextOf(meant)
}

/** Whether a bundle (base64) contains exactly these CAs, in any order. */
function isBundleOf(caBundle: string, cas: readonly Certificate[]): boolean {
  const held = parseCaBundle(caBundle, newestGo)?.certificates ?? []

  return held.length === cas.length && cas.every((ca) => held.some(({ raw }) => raw.equals(ca.raw)))
}
