import { parseBundle } from '../x509/bundle.js'
import type { Certificate } from '../x509/certificate.js'
import { describeCertificate } from '../x509/describe.js'
import { newestGo } from '../x509/go-version.js'
import { buildPool } from '../x509/pool.js'
import { pemsOf } from './accepted-texts.js'
import { isSignerOf } from './state.js'

/** A published list of the cluster's CAs. Any client that can write its ConfigMap can change it. */
export interface PublishedCas {
  /** The object's name for messages, such as `ConfigMap default/kube-root-ca.crt`. */
  readonly name: string
  readonly pem: string
  /**
   * Whether the ConfigMap is immutable. No client can correct an immutable one, not even
   * kube-controller-manager:
   * https://kubernetes.io/docs/concepts/configuration/configmap/#configmap-immutable
   */
  readonly isImmutable: boolean
}

/** The evidence for the cluster's CAs. */
export interface CaEvidence {
  /**
   * The CAs (PEM) with which this process verifies the API server. Undefined if it uses the system's roots or
   * verifies nothing.
   */
  readonly trusted: string | undefined
  /**
   * CAs (PEM). If set, a trusted CA is confirmed only if it is also in this list, or if it signed a
   * certificate that an API server serves now.
   */
  readonly trustedOnlyWith: string | undefined
  readonly published: readonly PublishedCas[]
  /** The chains that API servers serve now (PEM, leaf first), each with a host name that its leaf must have. */
  readonly served: readonly { readonly chain: string; readonly host: string }[]
  /** EKS's CAs (PEM), if they are proven to be those of this cluster. */
  readonly named?: string | undefined
  readonly at: Date
}

/** The CAs of a cluster. */
export interface ClusterCas {
  /** The confirmed CAs, as PEM; undefined if there are none. */
  readonly confirmed: string | undefined
  /** The CAs that a ConfigMap names but that nothing else confirms, as PEM. */
  readonly unconfirmed: string
  /** Why some CAs are not confirmed, on one line; undefined if all are. */
  readonly doubt: string | undefined
}

// EKS and kubeadm publish one CA, or two during a rotation.
const maxCas = 16

/**
 * Determines the cluster's CAs. A CA is confirmed if this process trusts it, if it signed a certificate that
 * an API server serves now, or if EKS names it. A published list alone proves nothing.
 */
export function confirmCas({
  trusted,
  trustedOnlyWith,
  published,
  served,
  named: namedByEks = '',
  at
}: CaEvidence): ClusterCas {
  const trustedCas = certificatesOf(trusted ?? '')
  const corroboration = trustedOnlyWith === undefined ? undefined : certificatesOf(trustedOnlyWith)
  const isTrusted = (ca: Certificate): boolean =>
    isAmong(trustedCas, ca) && (corroboration === undefined || isAmong(corroboration, ca))
  const eksCas = certificatesOf(namedByEks)
  const isConfirmed = (ca: Certificate): boolean =>
    isTrusted(ca) || isAmong(eksCas, ca) || served.some((one) => isSignerOf(ca, one, at))

  const named = buildPool(published.flatMap(({ pem }) => certificatesOf(pem))).certificates
  const confirmed = buildPool([...trustedCas, ...named]).certificates.filter(isConfirmed)
  const unconfirmed = named.filter((ca) => !isAmong(confirmed, ca))
  const doubts = published.flatMap(({ name, pem, isImmutable }) => {
    const found = certificatesOf(pem).filter((ca) => isAmong(unconfirmed, ca))
    if (found.length === 0) return []
    const immutable = isImmutable
      ? ' (the ConfigMap is immutable, so Kubernetes cannot correct it: delete the ConfigMap)'
      : ''

    return `${name} contains ${found.slice(0, 3).map(describeCertificate).join(', ')}${immutable}`
  })

  return {
    confirmed: confirmed.length === 0 ? undefined : pemsOf(confirmed),
    unconfirmed: pemsOf(unconfirmed),
    doubt:
      doubts.length === 0
        ? undefined
        : `${doubts.join(', and ')}; this is confirmed neither by the CA with which irsa-guard verifies the API server nor by the certificate of an API server`
  }
}

const certificatesOf = (pem: string): readonly Certificate[] =>
  parseBundle(Buffer.from(pem), newestGo).certificates.slice(0, maxCas)

const isAmong = (certificates: readonly Certificate[], { raw }: Certificate): boolean =>
  certificates.some((certificate) => certificate.raw.equals(raw))
