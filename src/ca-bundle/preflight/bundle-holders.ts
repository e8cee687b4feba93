import { isControlPlaneWebhook, isLoopback, webhooksOf } from '../../model/webhook-configuration.js'
import { annotationsOf, isRecord, recordOf, textOf } from '../../text/record.js'
import { type CaInjection, caInjectionsOf } from '../injection.js'

/** A `caBundle` in a Kubernetes object, with which the API server verifies a server that it calls. */
export interface BundleHolder {
  readonly kind:
    | 'MutatingWebhookConfiguration'
    | 'ValidatingWebhookConfiguration'
    | 'APIService'
    | 'CustomResourceDefinition'
  /** The name of the object. */
  readonly name: string
  /** The entry of a webhook configuration; undefined for other objects. */
  readonly webhook: { readonly index: number; readonly name: string } | undefined
  /** The JSON pointer to the part of the object that contains `caBundle`. */
  readonly path: string
  /** The value at that pointer. */
  readonly config: Readonly<Record<string, unknown>>
  /** The base64 string; undefined if there is none. */
  readonly caBundle: string | undefined
  /**
   * Where the server runs. `control-plane`: an identity webhook alongside the API server, with a certificate
   * from the cluster CA. `loopback`: another server alongside the API server.
   */
  readonly place: 'control-plane' | 'loopback' | 'elsewhere'
  /** Whether AWS keeps the bundle current. */
  readonly isUpdatedByAws: boolean
  readonly failurePolicy: string | undefined
  /** Whether the API server skips the verification of the server. */
  readonly isUnverified: boolean
  /** The CA injections that the annotations of the object request. */
  readonly injections: readonly CaInjection[]
}

/**
 * The bundles in an object: one for each webhook in a webhook configuration, one for an APIService with a
 * Service, and one for a CustomResourceDefinition with a conversion webhook. Empty for other objects. Never
 * throws.
 */
export function bundleHoldersOf(object: Readonly<Record<string, unknown>>): BundleHolder[] {
  const { kind } = object
  const name = textOf(recordOf(object['metadata'])['name']) ?? ''
  const injections = caInjectionsOf(annotationsOf(object))
  const spec = recordOf(object['spec'])
  if (kind === 'MutatingWebhookConfiguration' || kind === 'ValidatingWebhookConfiguration')
    return webhooksOf(object).map((webhook): BundleHolder => {
      const entry: unknown = Array.isArray(object['webhooks']) ? object['webhooks'][webhook.index] : undefined

      return {
        ...{ kind, name, injections },
        webhook: { index: webhook.index, name: webhook.name },
        path: `/webhooks/${webhook.index}/clientConfig`,
        config: recordOf(recordOf(entry)['clientConfig']),
        caBundle: webhook.caBundle,
        place: isControlPlaneWebhook(webhook) ? 'control-plane' : placeOf(webhook.url),
        isUpdatedByAws: isUpdatedByAws(name),
        failurePolicy: webhook.failurePolicy,
        isUnverified: false
      }
    })
  // The API server itself serves an APIService without a Service.
  if (kind === 'APIService' && isRecord(spec['service']))
    return [
      {
        ...{ kind, name, injections, ...noWebhook },
        ...{ path: '/spec', config: spec, caBundle: textOf(spec['caBundle']), place: 'elsewhere' },
        isUnverified: spec['insecureSkipTLSVerify'] === true
      }
    ]
  const conversion = recordOf(spec['conversion'])
  if (kind === 'CustomResourceDefinition' && conversion['strategy'] === 'Webhook') {
    const config = recordOf(recordOf(conversion['webhook'])['clientConfig'])

    return [
      {
        ...{ kind, name, injections, ...noWebhook },
        ...{ path: '/spec/conversion/webhook/clientConfig', config, caBundle: textOf(config['caBundle']) },
        place: placeOf(textOf(config['url'])),
        isUnverified: false
      }
    ]
  }

  return []
}

const noWebhook = { webhook: undefined, isUpdatedByAws: false, failurePolicy: undefined } as const

const placeOf = (url: string | undefined): 'loopback' | 'elsewhere' =>
  url !== undefined && isLoopback(url) ? 'loopback' : 'elsewhere'

/**
 * Whether EKS updates the bundles of a webhook configuration. The configurations of its VPC resource
 * controller contained both CAs after an activation: https://github.com/aws/containers-roadmap/issues/2874
 */
const isUpdatedByAws = (name: string): boolean => name.startsWith('vpc-resource-')

/** The name of a bundle, for messages. */
export const holderName = ({ kind, name, webhook }: BundleHolder): string =>
  `${kind} ${name}${webhook === undefined ? '' : `, webhook ${webhook.name}`}`
