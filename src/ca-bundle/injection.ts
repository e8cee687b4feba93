import type { Fact } from '../model/fact.js'
import type { Stage } from '../model/stage.js'

/** An annotation that asks an injector to fill in the bundles of a webhook configuration. */
export interface CaInjection {
  readonly annotation: string
  readonly injector: 'cert-manager' | 'service-ca'
  /** The user that writes the bundle if the injector is installed as documented. */
  readonly username: string
  readonly value: string
  /** The kind of source that the CA is taken from. */
  readonly from: 'Certificate' | 'Secret' | 'cluster' | 'service-ca'
  /** The object that the annotation names; undefined if it names none or cannot be parsed. */
  readonly reference:
    { readonly kind: 'Certificate' | 'Secret'; readonly namespace: string; readonly name: string } | undefined
  /** Whether the annotation must name an object but does not. */
  readonly isMalformed: boolean
}

/**
 * The injections that the annotations of a webhook configuration request, at most one for each injector. If
 * there are several annotations, cert-manager follows the first one in the order of `asked`, even if its
 * value cannot be parsed. https://cert-manager.io/docs/concepts/ca-injector/ and
 * https://github.com/openshift/service-ca-operator
 */
export function caInjectionsOf(annotations: Readonly<Record<string, unknown>>): CaInjection[] {
  const injections = asked.flatMap(
    ({ annotation, by: { injector, username, isTrue }, from }): CaInjection[] => {
      const value = annotations[annotation]
      if (typeof value !== 'string' || value === '') return []
      const injection = { annotation, injector, username, value, from }
      if (from === 'cluster' || from === 'service-ca')
        return isTrue.test(value) ? [{ ...injection, reference: undefined, isMalformed: false }] : []

      const [, namespace, name] = /^([^/\s]+)\/([^/\s]+)$/.exec(value) ?? []
      const reference =
        namespace === undefined || name === undefined ? undefined : { kind: from, namespace, name }
      return [{ ...injection, reference, isMalformed: reference === undefined }]
    }
  )

  return injections.filter(
    ({ injector }, index) => injections.findIndex((first) => first.injector === injector) === index
  )
}

/** An annotation that looks like a request for injection but is ignored by its injector. */
export interface IgnoredInjection {
  readonly annotation: string
  readonly injector: CaInjection['injector']
  readonly value: unknown
}

/**
 * Finds annotations that are meant to request an injection but do not: their value is not a string, or is not
 * `true` where the injector accepts nothing else. Values that mean "no" are left out, because they work as
 * intended.
 */
export function ignoredInjectionsOf(annotations: Readonly<Record<string, unknown>>): IgnoredInjection[] {
  return asked.flatMap(({ annotation, by: { injector, isTrue }, from }) => {
    const value = annotations[annotation]
    if (value === undefined || value === null) return []
    const isIgnored =
      typeof value === 'string'
        ? (from === 'cluster' || from === 'service-ca') && !isTrue.test(value) && !meansNo.test(value)
        : value !== false

    return isIgnored ? [{ annotation, injector, value }] : []
  })
}

const meansNo = /^(?:|false|no|off|none|never|disabled?|0|f|n)$/i

/**
 * Whether an injector will replace the bundles of an object that is not yet in a cluster. Until then, the
 * bundle is a placeholder, such as kubebuilder's `Cg==`.
 */
export function isToBeInjected({
  annotations,
  stage
}: {
  readonly annotations: Readonly<Record<string, unknown>>
  readonly stage: Stage
}): boolean {
  const injections = caInjectionsOf(annotations)

  return stage !== 'running' && injections.length > 0 && injections.every(({ isMalformed }) => !isMalformed)
}

/**
 * The injection that decides what the bundles contain; undefined if there is none, or if two injectors
 * overwrite each other's CAs.
 */
export function decidingInjectionOf(injections: readonly CaInjection[]): CaInjection | undefined {
  const isContested = injections.some(({ injector }) => injector !== injections[0]?.injector)

  return isContested ? undefined : injections[0]
}

// cert-manager accepts only the exact value `true` (pkg/controller/cainjector/sources.go); service-ca ignores
// case (pkg/controller/api/api.go).
const certManager = {
  injector: 'cert-manager',
  username: 'system:serviceaccount:cert-manager:cert-manager-cainjector',
  isTrue: /^true$/
} as const
const serviceCa = {
  injector: 'service-ca',
  username: 'system:serviceaccount:openshift-service-ca:service-ca',
  isTrue: /^true$/i
} as const

const asked = [
  { annotation: 'cert-manager.io/inject-ca-from-secret', by: certManager, from: 'Secret' },
  { annotation: 'cert-manager.io/inject-ca-from', by: certManager, from: 'Certificate' },
  { annotation: 'cert-manager.io/inject-apiserver-ca', by: certManager, from: 'cluster' },
  { annotation: 'service.beta.openshift.io/inject-cabundle', by: serviceCa, from: 'service-ca' },
  { annotation: 'service.alpha.openshift.io/inject-cabundle', by: serviceCa, from: 'service-ca' }
] as const

/** The CAs that an injector writes into a bundle, if it publishes them. */
export interface InjectedCas {
  /** The CAs that the injector writes now, as PEM. */
  readonly current: string
  /**
   * The CAs that the injector wrote until recently. The webhook may still serve a certificate signed by one
   * of them.
   */
  readonly former?: string | undefined
  /**
   * CAs from the previous CertificateRequest. Any user who can create CertificateRequests can forge one, so
   * these CAs only distinguish a stale bundle from a foreign one.
   */
  readonly earlier?: string | undefined
  /** The source, for messages. */
  readonly source: string
}

/**
 * The injected CAs as a fact. `isPassing` marks a transient failure: the API server did not answer this time,
 * so the last known CAs remain the best guess.
 */
export interface InjectedCasFact {
  readonly fact: Fact<InjectedCas>
  readonly isPassing: boolean
}
