import { annotationsOf, isRecord, recordOf, textOf } from '../text/record.js'
import { type AssociationInDocument, associationsIn } from './association-objects.js'
import type { Severity } from './finding.js'
import { isMirrorPod, parsePod, type Pod } from './pod.js'
import { findPodTemplates } from './pod-template.js'
import type { Stage } from './stage.js'
import {
  identityWebhookConfigMap,
  isWebhookFieldUnchanged,
  parseWebhookConfiguration,
  type WebhookConfigurationSubject
} from './webhook-configuration.js'

export type { Stage }

interface Identity {
  readonly stage: Stage
  /**
   * Empty if neither the manifest nor the caller names one. The namespace is then unknown; it is not taken to
   * be `default`.
   */
  readonly namespace: string
  readonly name: string
  /**
   * The prefix from which the API server generates the name, for objects that a controller creates
   * repeatedly.
   */
  readonly generateName?: string | undefined
  /** Annotation values have type unknown, because a manifest can contain any value there. */
  readonly annotations: Readonly<Record<string, unknown>>
  /** The annotations before an update; undefined if there was no previous object. */
  readonly oldAnnotations?: Readonly<Record<string, unknown>> | undefined
}

/** A service account as rules see it. */
export interface ServiceAccountSubject extends Identity {
  readonly kind: 'ServiceAccount'
  /**
   * Set if the role and token come from a pod template instead of annotations. `with-audience`: the template
   * sets the token's audience. `without-audience`: the token gets the API server's audience. `hidden`: the
   * token is known only at run time.
   */
  readonly ownToken?: 'with-audience' | 'without-audience' | 'hidden'
}

/** A pod: either a pod manifest, or a pod after mutation (any stage except `source`). */
export interface PodSubject extends Identity {
  readonly kind: 'Pod'
  /**
   * When a pod in a cluster was created; undefined if it is not in a cluster yet, or has no creation time.
   */
  readonly createdAt?: Date | undefined
  readonly pod: Pod
}

/** Any object that creates pods from a template. It is never mutated itself. */
export interface WorkloadSubject extends Identity {
  readonly kind: 'Workload'
  /** The object's own kind, such as `Deployment`. */
  readonly resource: string
  /** The pods of its first template. */
  readonly pod: Pod
  /**
   * The pods of its other templates (launcher and worker, head and groups). Each is judged like `pod`.
   */
  readonly otherPods: readonly Pod[]
}

/** A namespace, with the settings in its labels and annotations. */
export interface NamespaceSubject extends Omit<Identity, 'namespace'> {
  readonly kind: 'Namespace'
  readonly labels: Readonly<Record<string, unknown>>
}

/** A ConfigMap from which an identity webhook may read roles. */
export interface ConfigMapSubject extends Identity {
  readonly kind: 'ConfigMap'
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * An EKS Pod Identity association, as one of the given documents describes it. `namespace` is that of the
 * association; an operator's object can be in a different namespace.
 */
export interface AssociationSubject extends Identity, Omit<AssociationInDocument, 'name'> {
  readonly kind: 'PodIdentityAssociation'
  /** The namespace of the operator's object; empty if it names none, and for the files of other tools. */
  readonly objectNamespace: string
}

export type Subject =
  | AssociationSubject
  | ConfigMapSubject
  | ServiceAccountSubject
  | PodSubject
  | WorkloadSubject
  | NamespaceSubject
  | WebhookConfigurationSubject
export type Kind = Subject['kind']

/**
 * Builds a subject from an object as it was read; undefined if no rule applies to such objects. Never throws.
 */
export function parseSubject(
  object: unknown,
  context: { stage: Stage; namespace?: string | undefined; old?: unknown }
): Subject | undefined {
  if (!isRecord(object) || typeof object['kind'] !== 'string') return undefined
  if (object['apiVersion'] === 'admissionregistration.k8s.io/v1')
    return parseWebhookConfiguration(object, context)

  const metadata = recordOf(object['metadata'])
  const own = {
    stage: context.stage,
    name: textOf(metadata['name']) ?? textOf(metadata['generateName']) ?? '',
    generateName: textOf(metadata['generateName']),
    annotations: annotationsOf(object),
    ...(isRecord(context.old) && { oldAnnotations: annotationsOf(context.old) })
  }
  if (object['apiVersion'] === 'v1' && object['kind'] === 'Namespace')
    return { kind: 'Namespace', ...own, labels: recordOf(metadata['labels']) }
  const identity: Identity = {
    ...own,
    namespace: textOf(metadata['namespace']) ?? context.namespace ?? ''
  }
  if (object['apiVersion'] === 'v1' && object['kind'] === 'ServiceAccount')
    return { kind: 'ServiceAccount', ...identity }
  if (object['apiVersion'] === 'v1' && object['kind'] === 'Pod') {
    const pod = isMirrorPod(object) ? undefined : parsePod(object)
    return (
      pod && {
        kind: 'Pod',
        ...identity,
        pod,
        ...(context.stage === 'running' && { createdAt: timeOf(metadata['creationTimestamp']) })
      }
    )
  }
  if (object['apiVersion'] === 'v1' && object['kind'] === 'ConfigMap') {
    const data = recordOf(object['data'])
    return identity.name === identityWebhookConfigMap && data['config'] !== undefined
      ? { kind: 'ConfigMap', ...identity, data }
      : undefined
  }
  const [association] = object['kind'] === 'PodIdentityAssociation' ? associationsIn(object) : []
  if (association !== undefined) return subjectOf(association, object, context)
  const [pod, ...otherPods] = findPodTemplates(object)

  return pod && { kind: 'Workload', resource: object['kind'], ...identity, pod, otherPods }
}

/**
 * The subjects of a document. Most have one or none, but another tool's file can contain several EKS Pod
 * Identity associations. Never throws.
 */
export function parseSubjects(
  document: unknown,
  context: { stage: Stage; namespace?: string | undefined }
): readonly Subject[] {
  const associations = associationsIn(document)
  if (associations.length === 0) {
    const subject = parseSubject(document, context)
    return subject === undefined ? [] : [subject]
  }

  return associations.map((association) => subjectOf(association, recordOf(document), context))
}

function subjectOf(
  found: AssociationInDocument,
  document: Readonly<Record<string, unknown>>,
  { stage, old }: { stage: Stage; old?: unknown }
): AssociationSubject {
  return {
    ...found,
    kind: 'PodIdentityAssociation',
    stage,
    namespace: found.association.namespace,
    objectNamespace: textOf(recordOf(document['metadata'])['namespace']) ?? '',
    annotations: annotationsOf(document),
    ...(isRecord(old) && { oldAnnotations: annotationsOf(old) })
  }
}

function timeOf(value: unknown): Date | undefined {
  const time = new Date(textOf(value) ?? NaN)

  return Number.isNaN(time.getTime()) ? undefined : time
}

/** Why facts about an object's namespace are unknown. */
export const namespaceNotGiven = 'the manifest names no namespace (pass -n NAMESPACE)'

/** The pod itself, or the pods of each template of a workload. */
export const podsOf = (subject: PodSubject | WorkloadSubject): readonly Pod[] =>
  subject.kind === 'Workload' ? [subject.pod, ...subject.otherPods] : [subject.pod]

/** The name of a subject in a sentence, such as `service account shop/cart`. */
export const nameOf = (subject: Subject): string => named(subject, subject.name)

/** Like `nameOf`, but with `*` instead of the generated part of the name: `pod shop/cart-5d4f-*`. */
export const stableNameOf = (subject: Subject): string =>
  named(
    subject,
    'namespace' in subject && subject.generateName !== undefined ? `${subject.generateName}*` : subject.name
  )

function named(subject: Subject, name: string): string {
  if (!('namespace' in subject)) return `${subject.kind.toLowerCase()} ${name}`
  if (subject.kind === 'PodIdentityAssociation') return associationName(subject)
  const kind =
    subject.kind === 'ServiceAccount'
      ? 'service account'
      : (subject.kind === 'Workload' ? subject.resource : subject.kind).toLowerCase()

  return `${kind} ${namespacedName(subject.namespace, name)}`
}

/** The name of an association in a sentence: the service account that it is for, as far as it is known. */
const associationName = ({ namespace, name, association: { serviceAccount } }: AssociationSubject): string =>
  serviceAccount === ''
    ? `the association ${name}`
    : `the association of service account ${namespacedName(namespace, serviceAccount)}`

/** The name of an object in a sentence, such as `shop/cart`; only `cart` if its namespace is unknown. */
export const namespacedName = (namespace: string, name: string): string =>
  namespace === '' ? name : `${namespace}/${name}`

/** Whether a pod has already gone through the identity webhook, which never sees manifests and templates. */
export const isMutated = (subject: PodSubject | WorkloadSubject): boolean =>
  subject.kind === 'Pod' && subject.stage !== 'source'

/**
 * Whether this request leaves a finding's field unchanged. Without a previous object, every field that the
 * object contains counts as changed. An annotation that is missing before and after counts as unchanged: the
 * role then comes from the identity webhook's ConfigMap.
 */
export function isUnchanged(subject: Subject, field: string): boolean {
  const key = /^metadata\.annotations\[(.*)\]$/.exec(field)?.[1]
  if (key === undefined) return 'webhooks' in subject && isWebhookFieldUnchanged(subject, field)
  const name: unknown = JSON.parse(key)

  return typeof name === 'string' && subject.annotations[name] === subject.oldAnnotations?.[name]
}

/**
 * The severity of a failed mutation at admission: an error only for a new pod in a namespace that opts in to
 * denying pods. Pods that a node or the cluster needs are never denied, because they must be able to start
 * even while the identity webhook is down.
 */
export function failedMutationSeverity(subject: PodSubject, podsEnforced: boolean): Severity {
  const isNew = subject.oldAnnotations === undefined
  const isSystem =
    subject.namespace === 'kube-system' || subject.pod.priorityClassName?.startsWith('system-') === true

  return podsEnforced && isNew && !isSystem ? 'error' : 'warning'
}
