/** An annotation by which a webhook configuration asks somebody to fill in its bundles. */
export interface CaInjection {
  readonly annotation: string
  readonly injector: string
  readonly value: string
  /** What the annotation names; undefined when it names nothing, or cannot be read. */
  readonly reference: { readonly kind: 'Certificate' | 'Secret'; readonly namespace: string; readonly name: string } | undefined
  /** It has to name something and does not. */
  readonly isMalformed: boolean
}

/**
 * The injections that the annotations of a webhook configuration ask for. https://cert-manager.io/docs/concepts/ca-injector/ and
 * https://github.com/openshift/service-ca-operator
 */
export function caInjectionsOf(annotations: Readonly<Record<string, unknown>>): CaInjection[] {
  return injectors.flatMap(({ annotation, injector, names }): CaInjection[] => {
    const value = annotations[annotation]
    if (typeof value !== 'string' || value === '') return []
    if (names === undefined) return /^true$/i.test(value) ? [{ annotation, injector, value, reference: undefined, isMalformed: false }] : []

    const [, namespace, name] = /^([^/\s]+)\/([^/\s]+)$/.exec(value) ?? []
    const reference = namespace === undefined || name === undefined ? undefined : { kind: names, namespace, name }
    return [{ annotation, injector, value, reference, isMalformed: reference === undefined }]
  })
}

const injectors = [
  { annotation: 'cert-manager.io/inject-ca-from', injector: 'cert-manager', names: 'Certificate' },
  { annotation: 'cert-manager.io/inject-ca-from-secret', injector: 'cert-manager', names: 'Secret' },
  { annotation: 'cert-manager.io/inject-apiserver-ca', injector: 'cert-manager', names: undefined },
  { annotation: 'service.beta.openshift.io/inject-cabundle', injector: 'service-ca', names: undefined }
] as const
