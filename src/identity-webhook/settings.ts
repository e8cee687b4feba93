import { type Fact, known, unknown } from '../model/fact.js'
import { identityWebhookConfigMap } from '../model/webhook-configuration.js'
import { type AnnotationNames, annotationNamesUnder } from './annotation-names.js'
import { type ConfiguredRole, parseIdentityWebhookConfigMap } from './config-map.js'

/**
 * The identity webhook's settings, as far as they affect pods.
 * Flags and defaults: https://github.com/aws/amazon-eks-pod-identity-webhook (README, main.go).
 */
export interface IdentityWebhookSettings {
  /** The full names of its annotations, with the configured prefix. */
  readonly annotationNames: AnnotationNames
  readonly defaultAudience: string
  readonly mountPath: string
  /** Lifetime of tokens in seconds. */
  readonly tokenExpiration: number
  /** Whether it builds ARNs from bare role names. */
  readonly composeRoleArn: boolean
  /** The region that it injects. */
  readonly region: string | undefined
  readonly regionalSts: boolean
  /** What the identity webhook injects into pods that use EKS Pod Identity. */
  readonly containerCredentials: {
    /** The endpoint of the agent, `AWS_CONTAINER_CREDENTIALS_FULL_URI`. */
    readonly uri: string
    /** The name of the token volume. */
    readonly volume: string
    /** The audience of the token. No annotation changes it. */
    readonly audience: string
    readonly mountPath: string
    /** The name of the token file in that volume. */
    readonly file: string
  }
  /**
   * Roles from a ConfigMap instead of annotations (kOps), by `namespace/name`; the namespace can be `*`.
   * Unknown if the ConfigMap could not be read, or the identity webhook rejects it.
   */
  readonly configured: Exclude<Fact<ReadonlyMap<string, ConfiguredRole>>, { state: 'moot' }>
  /** Whether the default audience is known (read from the webhook, or configured) rather than assumed. */
  readonly isAudienceKnown: boolean
  /** Whether these settings were read from the webhook or are upstream's defaults. */
  readonly source: 'read' | 'default'
}

/** Upstream's defaults without any flags. On EKS, the actual settings cannot be read. */
export const defaultIdentityWebhook: IdentityWebhookSettings = {
  annotationNames: annotationNamesUnder('eks.amazonaws.com'),
  defaultAudience: 'sts.amazonaws.com',
  mountPath: '/var/run/secrets/eks.amazonaws.com/serviceaccount',
  tokenExpiration: 86_400,
  composeRoleArn: false,
  region: undefined,
  regionalSts: false,
  containerCredentials: {
    uri: 'http://169.254.170.23/v1/credentials',
    volume: 'eks-pod-identity-token',
    audience: 'pods.eks.amazonaws.com',
    mountPath: '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount',
    file: 'eks-pod-identity-token'
  },
  configured: known(new Map()),
  isAudienceKnown: false,
  source: 'default'
}

/** Returns the settings with the given default audience, or unchanged if it is undefined. */
export const withAudience = (
  settings: IdentityWebhookSettings,
  audience: string | undefined
): IdentityWebhookSettings =>
  audience === undefined ? settings : { ...settings, defaultAudience: audience, isAudienceKnown: true }

/** Returns the settings with the given annotation prefix, or unchanged if it is undefined. */
export const withAnnotationPrefix = (
  settings: IdentityWebhookSettings,
  prefix: string | undefined
): IdentityWebhookSettings =>
  prefix === undefined ? settings : { ...settings, annotationNames: annotationNamesUnder(prefix) }

/** Returns the settings with the roles of the ConfigMap that the identity webhook watches. */
export function withConfigMap(
  settings: IdentityWebhookSettings,
  configMap: Fact<unknown>
): IdentityWebhookSettings {
  if (configMap.state !== 'known') return { ...settings, configured: unknown(configMap.because) }
  const reading = parseIdentityWebhookConfigMap(configMap.value)

  return {
    ...settings,
    configured:
      'roles' in reading
        ? known(reading.roles)
        : unknown(`the identity webhook rejects its ConfigMap ${identityWebhookConfigMap}: ${reading.wrong}`)
  }
}

/** The name of the token volume. No flag changes it. */
export const tokenVolume = 'aws-iam-token'
/** The name of the token file in that volume. */
export const tokenFile = 'token'

/** The suffix of a message that is based on assumed settings. */
export const assumptionOf = ({ source }: IdentityWebhookSettings): string =>
  source === 'default'
    ? " (assuming the identity webhook's default settings, because the actual ones could not be read)"
    : ''

/**
 * The audience that a service account's pods request; undefined if the annotation's value is not an audience.
 * https://github.com/aws/amazon-eks-pod-identity-webhook#readme
 */
export function audienceOf(
  annotations: Readonly<Record<string, unknown>>,
  { annotationNames, defaultAudience }: IdentityWebhookSettings
): string | undefined {
  const value = annotations[annotationNames.audience]
  if (value === undefined) return defaultAudience

  return typeof value === 'string' && value !== '' ? value : undefined
}
