import { isRecord, recordOf, textOf } from '../text/record.js'
import { type AnnotationNames, annotationNamesUnder } from './annotation-names.js'

/**
 * How the identity webhook of a cluster is set up, as far as it decides what a pod gets.
 * Flags and defaults: https://github.com/aws/amazon-eks-pod-identity-webhook (README, main.go).
 */
export interface IdentityWebhookSettings {
  /** What its annotations are called, under the prefix that it was given. */
  readonly annotationNames: AnnotationNames
  readonly defaultAudience: string
  readonly mountPath: string
  /** Lifetime of tokens in seconds. */
  readonly tokenExpiration: number
  /** Whether it makes ARNs of bare role names. */
  readonly composeRoleArn: boolean
  /** The region that it injects. */
  readonly region: string | undefined
  readonly regionalSts: boolean
  /**
   * Roles that a ConfigMap gives instead of annotations (kOps), by `namespace/name`; the namespace may be
   * `*`.
   */
  readonly configured: ReadonlyMap<string, ConfiguredRole>
  /** Whether the default audience was read or given, not assumed. */
  readonly isAudienceKnown: boolean
  /** Whether these settings were read, or are what upstream has when nothing is set. */
  readonly source: 'read' | 'default'
}

export interface ConfiguredRole {
  readonly role: string
  readonly audience: string | undefined
}

/** Upstream's defaults without any flag. On EKS, the real settings cannot be read. */
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

/** The settings with the given default audience; undefined changes nothing. */
export const withAudience = (
  settings: IdentityWebhookSettings,
  audience: string | undefined
): IdentityWebhookSettings =>
  audience === undefined ? settings : { ...settings, defaultAudience: audience, isAudienceKnown: true }

/** The settings with the given annotation prefix; undefined changes nothing. */
export const withAnnotationPrefix = (
  settings: IdentityWebhookSettings,
  prefix: string | undefined
): IdentityWebhookSettings =>
  prefix === undefined ? settings : { ...settings, annotationNames: annotationNamesUnder(prefix) }

/** The name of the volume with the token, which no flag changes. */
export const tokenVolume = 'aws-iam-token'
/** The file of the token in that volume. */
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
    // It raises less than ten minutes, which the API server would refuse.
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
 * The namespace of the ConfigMap `pod-identity-webhook` that the identity webhook also takes roles from;
 * undefined when it does not.
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
    return undefined // the identity webhook logs it and keeps what it had
  }
  if (!isRecord(config)) return undefined

  const roles = new Map<string, ConfiguredRole>()
  for (const [account, entry] of Object.entries(config)) {
    // Go's JSON decoder does not mind the case of keys.
    const fields = new Map(Object.entries(recordOf(entry)).map(([key, value]) => [key.toLowerCase(), value]))
    const role = textOf(fields.get('rolearn'))
    if (role !== undefined) roles.set(account, { role, audience: textOf(fields.get('audience')) })
  }

  return roles
}

/** Go's strconv.ParseBool, undefined for what it refuses. */
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
  // those of its log: https://github.com/kubernetes/klog (klog.go, InitFlags)
  ...['add_dir_header', 'alsologtostderr', 'logtostderr', 'one_output', 'skip_headers', 'skip_log_headers']
])

/**
 * As github.com/spf13/pflag reads them: `--name=value`, `--name value`, and `--name` alone for a boolean. The
 * last one wins.
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

/** The addition to a message if a verdict rests on assumed settings. */
export const assumptionOf = ({ source }: IdentityWebhookSettings): string =>
  source === 'default'
    ? " (assuming the identity webhook's default settings, because they could not be read)"
    : ''

/**
 * The audience that a service account's pods ask for; undefined when its annotation holds something that is
 * no audience. https://github.com/aws/amazon-eks-pod-identity-webhook#readme
 */
export function audienceOf(
  annotations: Readonly<Record<string, unknown>>,
  { annotationNames, defaultAudience }: IdentityWebhookSettings
): string | undefined {
  const value = annotations[annotationNames.audience]
  if (value === undefined) return defaultAudience

  return typeof value === 'string' && value !== '' ? value : undefined
}
