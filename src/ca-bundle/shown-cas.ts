import { readBundle } from '../x509/bundle.js'
import { isSelfIssued } from '../x509/certificate.js'
import { goMinorOf } from '../x509/go-version.js'
import { pemOf } from './accepted-texts.js'

/**
 * The CAs that a served chain shows (PEM in, PEM out): the certificates above the leaf that may sign, and a
 * leaf that signed itself. Empty when the server sends its leaf only, as most do.
 */
export function caCertificatesOf(chain: string): string {
  const { certificates } = readBundle(Buffer.from(chain), goMinorOf(undefined))
  const cas = certificates.filter((certificate, index) =>
    index === 0 ? isSelfIssued(certificate) : (certificate.basicConstraints?.isCa ?? certificate.version < 3)
  )

  return cas.map((certificate) => `${pemOf(certificate)}\n`).join('')
}
