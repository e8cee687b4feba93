import { createHash } from 'node:crypto'
import type { Certificate } from './certificate.js'

/** Certificates by subject, without duplicates, in their original order. */
export interface Pool {
  readonly certificates: readonly Certificate[]
  has(certificate: Certificate): boolean
  /**
   * The certificates whose subject equals the issuer of a certificate, byte for byte. Those with the matching
   * key identifier come first.
   */
  parentsOf(certificate: Certificate): readonly Certificate[]
}

/** Builds a pool as Go's `CertPool` does, without duplicates. */
export function buildPool(certificates: readonly Certificate[]): Pool {
  const hashes = new Set<string>()
  const kept: Certificate[] = []
  const bySubject = new Map<string, Certificate[]>()
  for (const certificate of certificates) {
    const hash = hashOf(certificate)
    if (hashes.has(hash)) continue
    hashes.add(hash)
    kept.push(certificate)
    const subject = certificate.subject.raw.toString('latin1')
    const namesakes = bySubject.get(subject)
    if (namesakes === undefined) bySubject.set(subject, [certificate])
    else namesakes.push(certificate)
  }

  return {
    certificates: kept,
    has: (certificate) => hashes.has(hashOf(certificate)),
    parentsOf: (certificate) => {
      const candidates = bySubject.get(certificate.issuer.raw.toString('latin1')) ?? []

      return [0, 1, 2].flatMap((rank) =>
        candidates.filter((candidate) => rankOf(candidate, certificate) === rank)
      )
    }
  }
}

const hashOf = ({ raw }: Certificate): string => createHash('sha256').update(raw).digest('base64')

function rankOf({ subjectKeyId }: Certificate, { authorityKeyId }: Certificate): 0 | 1 | 2 {
  if (subjectKeyId.equals(authorityKeyId)) return 0

  return subjectKeyId.length === 0 || authorityKeyId.length === 0 ? 1 : 2
}
