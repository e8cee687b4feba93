import type { Certificate } from '../x509/certificate.js'

/**
 * Whether Go treats two certificates as the same CA: they have the same name and key, and other fields may
 * differ.
 */
export const isSameCa = (one: Certificate, other: Certificate): boolean =>
  one.raw.equals(other.raw) ||
  (one.subject.raw.equals(other.subject.raw) && one.keyInfo.equals(other.keyInfo))

/** Whether a list of certificates contains a CA. */
export const holdsCa = (certificates: readonly Certificate[], ca: Certificate): boolean =>
  certificates.some((certificate) => isSameCa(certificate, ca))
