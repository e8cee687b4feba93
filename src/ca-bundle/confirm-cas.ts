import { parseBundle } from '../x509/bundle.js'
import type { Certificate } from '../x509/certificate.js'
import { describeCertificate } from '../x509/describe.js'
import { newestGo } from '../x509/go-version.js'
import { buildPool } from '../x509/pool.js'
import { pemOf } from './accepted-texts.js'
import { isSignerOf } from './state.js'

/** A published list of the cluster's CAs, which anyone who may write its ConfigMap can change. */
export interface PublishedCas {
  /** Such as `ConfigMap default/kube-root-ca.crt`. */
  readonly name: string
  readonly pem: string
  /**
   * Kubernetes then allows no client to correct it, not even kube-controller-manager:
   * https://kubernetes.io/docs/concepts/configuration/configmap/#configmap-immutable
   */
  readonly isImmutable: boolean
}

/** The evidence for the cluster's CAs. */
export interface CaEvidence {
  /**
   * The CAs (PEM) by which this process itself verifies the API server; undefined where it goes by the
   * system's roots, or verifies nothing.
   */
  readonly trusted: string | undefined
  /**
   * A list that must hold a trusted CA, too, unless that CA signs now; without it, being trusted is enough.
   */
  readonly trustedOnlyWith: string | undefined
  readonly published: readonly PublishedCas[]
  /** What API servers serve now (PEM, leaf first), and a name that each certificate has. */
  readonly served: readonly { readonly chain: string; readonly host: string }[]
  readonly at: Date
}

/** The CAs of a cluster. */
export interface ClusterCas {
  /** Those that are beyond doubt, as PEM; undefined when there are none. */
  readonly confirmed: string | undefined
  /** Those that a ConfigMap names and nothing else confirms, as PEM. */
  readonly unconfirmed: string
  /** Why some are not confirmed, on one line; undefined when all are. */
  readonly doubt: string | undefined
}

// EKS and kubeadm publish one CA, and two during a rotation.
const maxCas = 16

/**
 * Determines the cluster's CAs: those that this process trusts, or that signed what an API server serves now.
 * A published list alone proves nothing.
 */
export function confirmCas({ trusted, trustedOnlyWith, published, served, at }: CaEvidence): ClusterCas {
  const trustedCas = certificatesOf(trusted ?? '')
  const corroboration = trustedOnlyWith === undefined ? undefined : certificatesOf(trustedOnlyWith)
  const isTrusted = (ca: Certificate): boolean =>
    isAmong(trustedCas, ca) && (corroboration === undefined || isAmong(corroboration, ca))
  const isConfirmed = (ca: Certificate): boolean =>
    isTrusted(ca) || served.some((one) => isSignerOf(ca, one, at))

  const named = buildPool(published.flatMap(({ pem }) => certificatesOf(pem))).certificates
  const confirmed = buildPool([...trustedCas, ...named]).certificates.filter(isConfirmed)
  const unconfirmed = named.filter((ca) => !isAmong(confirmed, ca))
  const doubts = published.flatMap(({ name, pem, isImmutable }) => {
    const found = certificatesOf(pem).filter((ca) => isAmong(unconfirmed, ca))
    if (found.length === 0) return []
    const immutable = isImmutable ? ' (it is immutable, so Kubernetes cannot correct it: delete it)' : ''

    return `${name} contains ${found.slice(0, 3).map(describeCertificate).join(', ')}${immutable}`
  })

  return {
    confirmed: confirmed.length === 0 ? undefined : pemsOf(confirmed),
    unconfirmed: pemsOf(unconfirmed),
    doubt:
      doubts.length === 0
        ? undefined
        : `${doubts.join(', and ')}; neither the CA that irsa-guard verifies the API server with nor the certificate of an API server confirms this`
  }
}

const certificatesOf = (pem: string): readonly Certificate[] =>
  parseBundle(Buffer.from(pem), newestGo).certificates.slice(0, maxCas)

const isAmong = (certificates: readonly Certificate[], { raw }: Certificate): boolean =>
  certificates.some((certificate) => certificate.raw.equals(raw))

const pemsOf = (certificates: readonly Certificate[]): string =>
  certificates.map((certificate) => `${pemOf(certificate)}\n`).join('')
