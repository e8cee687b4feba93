import { isRecord, recordOf, textOf } from '../text/record.js'
import { type AnnotationNames, annotationNamesUnder } from './annotation-names.js'

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
  /**
   * Roles from a ConfigMap instead of annotations (kOps), by `namespace/name`; the namespace can be `*`.
   */
  readonly configured: ReadonlyMap<string, ConfiguredRole>
  /** Whether the default audience was read from the webhook or configured, not assumed. */
  readonly isAudienceKnown: boolean
  /** Whether these settings were read from the webhook or are upstream's defaults. */
  readonly source: 'read' | 'default'
}

export interface ConfiguredRole {
  readonly role: string
  readonly audience: string | undefined
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
  configured: new Map(),
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

/** The name of the token volume. No flag changes it. */
export const tokenVolume = 'aws-iam-token'
/** The name of the token file in that volume. */
export const tokenFile = 'token'

/**
 * Reads the settings from the command line of the identity webhook's container (command and args together).
 * Never throws.
 */
export function parseIdentityWebhookArguments(args: readonly unknown[]): IdentityWebhookSettings {
  const flags = parseFlags(args.filter((arg) => typeof arg === 'string'))
  const defaults = defaultIdentityWebhook
  const expiration = Number(flags.get('token-expiration') ?? NaN)
  const prefix = flags.get('annotation-prefix')

  return {
    annotationNames: prefix === undefined ? defaults.annotationNames : annotationNamesUnder(prefix),
    defaultAudience: flags.get('token-audience') ?? defaults.defaultAudience,
    mountPath: flags.get('token-mount-path') ?? defaults.mountPath,
    // The identity webhook raises values below ten minutes, which the API server would reject.
    tokenExpiration: Number.isSafeInteger(expiration) ? Math.max(expiration, 600) : defaults.tokenExpiration,
    composeRoleArn: parseGoBool(flags.get('compose-role-arn') ?? '') ?? defaults.composeRoleArn,
    region: textOf(flags.get('aws-default-region')),
    regionalSts: parseGoBool(flags.get('sts-regional-endpoint') ?? '') ?? defaults.regionalSts,
    configured: new Map(),
    isAudienceKnown: true,
    source: 'read'
  }
}

/**
 * The namespace of the ConfigMap `pod-identity-webhook` from which the identity webhook also reads roles;
 * undefined if it reads none.
 */
export function configMapNamespaceOf(args: readonly unknown[]): string | undefined {
  const flags = parseFlags(args.filter((arg) => typeof arg === 'string'))

  return parseGoBool(flags.get('watch-config-map') ?? '') === true
    ? (flags.get('namespace') ?? 'eks')
    : undefined
}

/**
 * Reads the roles of the ConfigMap `pod-identity-webhook` (key `config`: JSON of `namespace/name` to
 * `RoleARN` and `Audience`, as kOps writes it); undefined when it holds no such JSON. Never throws.
 */
export function parseIdentityWebhookConfigMap(
  configMap: unknown
): ReadonlyMap<string, ConfiguredRole> | undefined {
  const text = recordOf(recordOf(configMap)['data'])['config']
  if (typeof text !== 'string') return undefined

  let config: unknown
  try {
    config = JSON.parse(text)
  } catch {
    return undefined // the identity webhook logs the error and keeps its previous roles
  }
  if (!isRecord(config)) return undefined

  const roles = new Map<string, ConfiguredRole>()
  for (const [account, entry] of Object.entries(config)) {
    // Go's JSON decoder ignores the case of keys.
    const fields = new Map(Object.entries(recordOf(entry)).map(([key, value]) => [key.toLowerCase(), value]))
    const role = textOf(fields.get('rolearn'))
    if (role !== undefined) roles.set(account, { role, audience: textOf(fields.get('audience')) })
  }

  return roles
}

/** Parses a Boolean as Go's strconv.ParseBool does; undefined if Go would return an error. */
export function parseGoBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true

  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined
}

const booleans: ReadonlySet<string> = new Set([
  ...[
    'compose-role-arn',
    'enable-debugging-handlers',
    'in-cluster',
    'sts-regional-endpoint',
    'version',
    'watch-config-map'
  ],
  // the logging flags: https://github.com/kubernetes/klog (klog.go, InitFlags)
  ...['add_dir_header', 'alsologtostderr', 'logtostderr', 'one_output', 'skip_headers', 'skip_log_headers']
])

/**
 * Parses flags as github.com/spf13/pflag does: `--name=value`, `--name value`, and `--name` alone for a
 * Boolean. The last occurrence wins.
 */
function parseFlags(args: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>()
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ''
    if (arg === '--') break
    const [, name, , value] = /^--([^=]+)(=([^]*))?$/.exec(arg) ?? []
    if (name === undefined) continue
    if (value !== undefined) flags.set(name, value)
    else if (booleans.has(name)) flags.set(name, 'true')
    else flags.set(name, args[++index] ?? '')
  }

  return flags
}

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
