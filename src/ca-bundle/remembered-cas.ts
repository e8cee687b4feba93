import { type Certificate, parseCertificate } from '../x509/certificate.js'
import { newestGo } from '../x509/go-version.js'

/**
 * A CA that the cluster trusts or trusted until recently, as the WebhookTrust stores it. The cluster itself
 * does not show which CAs it trusted before.
 */
export interface RememberedCa {
  /** The certificate: base64 of DER. */
  readonly certificate: string
  /** When the cluster stopped trusting it (RFC 3339); undefined if it still trusts it. */
  readonly removedAt?: string | undefined
}

// A bundle that is kept in Git may contain a CA for a while after the cluster stopped trusting it.
const lifetime = 30 * 86_400_000
/** The limit of the WebhookTrust schema. */
const maxRemembered = 16

/**
 * Updates the remembered CAs: those that are trusted now, and those that were trusted within the last 30 days.
 * A CA whose removal time is missing or not in the past counts as removed now.
 */
export function rememberCas(
  before: readonly RememberedCa[],
  trusted: readonly Certificate[],
  now: Date
): readonly RememberedCa[] {
  const current = trusted.map(({ raw }) => raw.toString('base64'))
  const former = before.flatMap(({ certificate, removedAt }) => {
    if (current.includes(certificate)) return []
    const time = Date.parse(removedAt ?? '')
    const at = time <= now.getTime() ? time : now.getTime()

    return now.getTime() - at < lifetime ? [{ certificate, removedAt: new Date(at).toISOString() }] : []
  })
  const newestFirst = former.toSorted((one, other) => other.removedAt.localeCompare(one.removedAt))

  return [...current.map((certificate) => ({ certificate })), ...newestFirst].slice(0, maxRemembered)
}

// Few CAs are replaced within 30 days, and each one multiplies the accepted bundles.
const maxFormer = 3

/** The CAs that were trusted until recently, with the most recently removed one first; at most three. */
export const formerCasOf = (remembered: readonly RememberedCa[]): readonly Certificate[] =>
  remembered
    .flatMap(({ certificate, removedAt }) => {
      const parsed =
        removedAt === undefined ? undefined : parseCertificate(Buffer.from(certificate, 'base64'), newestGo)

      return parsed === undefined || 'refusal' in parsed ? [] : [parsed]
    })
    .slice(0, maxFormer)
