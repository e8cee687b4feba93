import type { CertificateAuthority, EksAuthorities } from '../model/certificate-authority.js'
import { type Fact, known, unknown } from '../model/fact.js'
import { parseBundle } from '../x509/bundle.js'
import { type Certificate, parseCertificate } from '../x509/certificate.js'
import { newestGo } from '../x509/go-version.js'
import { isSameCa } from './same-ca.js'

/** A certificate authority of this cluster, with its certificate. */
export interface ClusterAuthority extends CertificateAuthority {
  readonly certificate: Certificate
}

/** What irsa-guard knows about the cluster from sources other than EKS. */
export interface ClusterProof {
  /** The issuer URL of the cluster's service account tokens; undefined if it is unknown. */
  readonly issuer: string | undefined
  /** The confirmed cluster CAs, as PEM. */
  readonly clusterCas: string | undefined
}

/**
 * The certificate authorities of this cluster. A response from EKS counts only if it is about this cluster:
 * the issuer must be the same, and at least one CA must be confirmed by the cluster itself. Otherwise, a
 * mistyped cluster name would approve the CA of another cluster. If a response does not match EKS's
 * documentation, the authorities are unknown.
 */
export function provenAuthorities(
  { cluster, issuer, bundle, authorities }: EksAuthorities,
  proof: ClusterProof
): Fact<readonly ClusterAuthority[]> {
  const name = `EKS cluster ${cluster.name}`
  if (proof.issuer === undefined)
    return unknown(`the cluster's issuer is unknown, so it cannot be compared with that of ${name}`)
  if (proof.issuer !== issuer)
    return unknown(
      `${name} is another cluster: its issuer is ${issuer || 'not set'}, and this cluster's is ${proof.issuer}; check eks.clusterArn`
    )
  const trusted = certificatesOf(bundle)
  const found = authorities.map((authority) => ({
    ...authority,
    certificate: certificateOf(authority, trusted)
  }))
  const unmatched = found.find(({ certificate }) => certificate === undefined)
  if (unmatched !== undefined)
    return unknown(`EKS describes certificate authority ${unmatched.id} of ${name} without its certificate`)

  const all = found.filter((one): one is ClusterAuthority => one.certificate !== undefined)
  const confirmed = parseBundle(Buffer.from(proof.clusterCas ?? ''), newestGo).certificates
  if (!all.some(({ certificate }) => confirmed.some((ca) => isSameCa(ca, certificate))))
    return unknown(
      `${name} is another cluster, or its CAs are not published here yet: it has none of the confirmed cluster CAs; check eks.clusterArn`
    )
  // A cluster has at most two: https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html
  const usable = all.filter(isUsable)
  if (usable.length > 2)
    return unknown(`EKS names ${usable.length} certificate authorities of ${name}; at most two are expected`)
  const signing = usable.filter(({ signing }) => signing === 'in-use')
  if (signing.length > 1 || (signing.length === 0 && !usable.some((one) => one.signing === 'activating')))
    return unknown(
      `according to EKS, ${signing.length} certificate authorities of ${name} are in use; expected one`
    )

  return known(all)
}

/** Whether the control plane trusts an authority, or will do so shortly. */
export const isUsable = ({ distribution }: CertificateAuthority): boolean =>
  distribution === 'in-progress' || distribution === 'complete'

/**
 * The certificate of an authority. EKS does not document the encoding of the field, so both PEM and DER are
 * accepted. If the field is missing, a certificate from the cluster's bundle is used, provided that it is the
 * only one with the authority's validity period.
 */
function certificateOf(
  { data, notBefore, notAfter }: CertificateAuthority,
  bundle: readonly Certificate[]
): Certificate | undefined {
  if (data !== undefined) {
    const [pem] = certificatesOf(data)
    if (pem !== undefined) return pem
    const der = parseCertificate(Buffer.from(data, 'base64'), newestGo)

    return 'refusal' in der ? undefined : der
  }
  const same = bundle.filter(
    (certificate) =>
      certificate.notBefore === notBefore?.getTime() && certificate.notAfter === notAfter?.getTime()
  )

  return same.length === 1 ? same[0] : undefined
}

const certificatesOf = (base64: string): readonly Certificate[] =>
  parseBundle(Buffer.from(base64, 'base64'), newestGo).certificates.slice(0, maxCas)

// Two are documented. The limit only bounds the work on a hostile response.
const maxCas = 16
