import { memoizeGroups } from '../text/memoize.js'
import { annotationsOf, isRecord } from '../text/record.js'
import type { Stage } from './stage.js'

/**
 * One entry of `webhooks`. It is parsed tolerantly: parts that do not match the API's schema are left out.
 */
export interface Webhook {
  /** Its index in the array. */
  readonly index: number
  readonly name: string
  readonly url: string | undefined
  readonly service: ServiceReference | undefined
  /** The base64 string as written; undefined if there is none. */
  readonly caBundle: string | undefined
  readonly failurePolicy: string | undefined
  readonly admissionReviewVersions: readonly string[]
  readonly rules: readonly unknown[]
  readonly namespaceSelector: unknown
  readonly objectSelector: unknown
  readonly matchConditions: readonly unknown[]
  readonly reinvocationPolicy: string | undefined
  readonly timeoutSeconds: number | undefined
}

/** The Service of a webhook's `clientConfig`. */
export interface ServiceReference {
  readonly namespace: string
  readonly name: string
  readonly path: string | undefined
  readonly port: number
}

/**
 * A webhook configuration as rules see it:
 * https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/mutating-webhook-configuration-v1/
 */
export interface WebhookConfigurationSubject {
  readonly kind: 'MutatingWebhookConfiguration' | 'ValidatingWebhookConfiguration'
  readonly stage: Stage
  readonly name: string
  readonly annotations: Readonly<Record<string, unknown>>
  readonly webhooks: readonly Webhook[]
  /** The annotations and webhooks before an update; undefined if there was no previous object. */
  readonly oldAnnotations?: Readonly<Record<string, unknown>> | undefined
  readonly oldWebhooks?: readonly Webhook[] | undefined
}

/** Reads the entries of a webhook configuration. Never throws, even if the object is malformed. */
export function webhooksOf(object: Readonly<Record<string, unknown>>): Webhook[] {
  const list: readonly unknown[] = Array.isArray(object['webhooks']) ? object['webhooks'] : []

  return list.flatMap((entry, index) => (isRecord(entry) ? [webhookOf(entry, index)] : []))
}

function webhookOf(entry: Readonly<Record<string, unknown>>, index: number): Webhook {
  const clientConfig = isRecord(entry['clientConfig']) ? entry['clientConfig'] : {}
  const service = clientConfig['service']

  return {
    index,
    name: text(entry['name']) ?? '',
    url: text(clientConfig['url']),
    service: isRecord(service)
      ? {
          namespace: text(service['namespace']) ?? '',
          name: text(service['name']) ?? '',
          path: text(service['path']),
          port: typeof service['port'] === 'number' ? service['port'] : 443 // the API's default
        }
      : undefined,
    caBundle: bundleText(clientConfig['caBundle']),
    failurePolicy: text(entry['failurePolicy']),
    admissionReviewVersions: list(entry['admissionReviewVersions']).filter(
      (version) => typeof version === 'string'
    ),
    rules: list(entry['rules']),
    namespaceSelector: entry['namespaceSelector'],
    objectSelector: entry['objectSelector'],
    matchConditions: list(entry['matchConditions']),
    reinvocationPolicy: text(entry['reinvocationPolicy']),
    timeoutSeconds: typeof entry['timeoutSeconds'] === 'number' ? entry['timeoutSeconds'] : undefined
  }
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
/**
 * If a bundle is not a string, returns it as JSON, so that it is still reported. The API server rejects it.
 */
const bundleText = (value: unknown): string | undefined =>
  value === undefined || value === null || typeof value === 'string' ? text(value) : JSON.stringify(value)
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/**
 * Names of the identity webhook: on EKS, self-managed, and in upstream's examples. These are names of
 * `webhooks` entries, not of the object.
 */
export const identityWebhookNames: readonly string[] = [
  'iam-for-pods.amazonaws.com',
  'pod-identity-webhook.amazonaws.com',
  'pod-identity-webhook.aws.mutate.io'
]

/**
 * The name of the ConfigMap from which an identity webhook with `--watch-config-map` reads roles. The name is
 * not configurable: https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/cache/cache.go)
 */
export const identityWebhookConfigMap = 'pod-identity-webhook'

/**
 * The identity webhooks of a configuration, wherever they run. Only a mutating configuration can have any,
 * because no other can change a pod.
 */
export function identityWebhooksOf({ kind, webhooks }: WebhookConfigurationSubject): Webhook[] {
  return kind === 'MutatingWebhookConfiguration'
    ? webhooks.filter(({ name }) => identityWebhookNames.includes(name))
    : []
}

/**
 * Whether a webhook is the identity webhook that EKS runs. Users cannot see its process or change its
 * settings.
 */
export const isEksWebhook = ({ name, url }: Webhook): boolean =>
  name === 'iam-for-pods.amazonaws.com' && url !== undefined && isLoopback(url)

/** Identity webhooks that run alongside the API server. The cluster CA signs their certificates. */
export const controlPlaneWebhooksOf = ({ webhooks }: WebhookConfigurationSubject): Webhook[] =>
  webhooks.filter(isControlPlaneWebhook)

/** Whether a webhook is an identity webhook that runs alongside the API server. */
export const isControlPlaneWebhook = ({ name, url }: Webhook): boolean =>
  identityWebhookNames.includes(name) && url !== undefined && isLoopback(url)

/** Whether a URL points to the calling machine itself. */
export const isLoopback = (url: string): boolean => loopback.test(url)

const loopback = /^https:\/\/(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d+)?(?:\/|$)/i

/** A Service and its port in one string, such as `shop/webhook:443`. */
export const serviceKeyOf = ({ namespace, name, port }: ServiceReference): string =>
  `${namespace}/${name}:${port}`

/** The address of a webhook in a sentence. */
export const describeAddress = ({ url, service }: Webhook): string =>
  service === undefined ? (url ?? 'no address') : `service ${serviceKeyOf(service)}${service.path ?? ''}`

/** The bundle of a webhook in a sentence. */
export const describeBundle = ({ name }: Webhook): string =>
  `the caBundle${name === '' ? '' : ` of webhook ${name}`}`

/** The path of a webhook's bundle in findings. */
export const caBundleField = ({ index }: Webhook): string => `webhooks[${index}].clientConfig.caBundle`

/** Builds a subject from a webhook configuration of `admissionregistration.k8s.io/v1`. Never throws. */
export function parseWebhookConfiguration(
  object: Readonly<Record<string, unknown>>,
  context: { stage: Stage; old?: unknown }
): WebhookConfigurationSubject | undefined {
  const kind = object['kind']
  if (kind !== 'MutatingWebhookConfiguration' && kind !== 'ValidatingWebhookConfiguration') return undefined

  const metadata = isRecord(object['metadata']) ? object['metadata'] : {}

  return {
    kind,
    stage: context.stage,
    name: text(metadata['name'] ?? metadata['generateName']) ?? '',
    annotations: annotationsOf(object),
    webhooks: webhooksOf(object),
    ...(isRecord(context.old) && {
      oldAnnotations: annotationsOf(context.old),
      oldWebhooks: webhooksOf(context.old)
    })
  }
}

/**
 * Whether this request leaves a field of a webhook unchanged. Webhooks are matched by name, because their
 * order has no meaning here. The whole top-level field is compared.
 */
export function isWebhookFieldUnchanged(
  { webhooks, oldWebhooks }: WebhookConfigurationSubject,
  field: string
): boolean {
  const [, index, path = ''] = /^webhooks\[(\d+)\]\.(.+)$/.exec(field) ?? []
  const [webhook] = webhooksAt(webhooks, Number(index))
  if (webhook === undefined || oldWebhooks === undefined) return false
  const [old, second] = webhooksNamed(oldWebhooks, webhook.name)
  if (old === undefined || second !== undefined) return false

  // A bundle can be correct for one server and not for another, so an unchanged bundle with a new address
  // counts as changed.
  const parts = path.startsWith('clientConfig.')
    ? (['url', 'service', 'caBundle'] as const)
    : ([path.split(/[.[]/, 1)[0] ?? ''] as const)

  return parts.every(
    (part) => part in webhook && JSON.stringify(valueOf(webhook, part)) === JSON.stringify(valueOf(old, part))
  )
}

const webhooksAt = memoizeGroups(({ index }: Webhook) => index)
/** The entries with a given name. A valid configuration has at most one. */
export const webhooksNamed = memoizeGroups(({ name }: Webhook) => name)

const valueOf = (webhook: Webhook, part: string): unknown =>
  Object.entries(webhook).find(([key]) => key === part)?.[1]
