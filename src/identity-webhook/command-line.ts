import { type Fact, known, unknown } from '../model/fact.js'
import { enclosedIn, quote } from '../text/escape.js'
import { textOf } from '../text/record.js'
import { annotationNamesUnder } from './annotation-names.js'
import { defaultIdentityWebhook, type IdentityWebhookSettings } from './settings.js'

/** The settings on the command line of an identity webhook. */
export interface IdentityWebhookCommand {
  readonly settings: IdentityWebhookSettings
  /**
   * The namespace of the ConfigMap `pod-identity-webhook` from which the identity webhook also reads roles;
   * undefined if it reads none.
   */
  readonly configMapNamespace: string | undefined
}

/**
 * Reads the command line of the identity webhook's container (command and args together). Unknown if parts of
 * it can be read in two ways or are known only at run time. Never throws.
 */
export function parseIdentityWebhookCommand(args: readonly unknown[]): Fact<IdentityWebhookCommand> {
  const parsed = parseFlags(args.filter((arg) => typeof arg === 'string'))
  if (parsed.state !== 'known') return parsed

  const flags = parsed.value
  const isSet = (name: string): boolean => parseGoBool(flags.get(name) ?? '') === true
  const defaults = defaultIdentityWebhook
  const expiration = Number(flags.get('token-expiration') ?? NaN)
  const prefix = flags.get('annotation-prefix')
  const { containerCredentials } = defaults

  return known({
    settings: {
      annotationNames: prefix === undefined ? defaults.annotationNames : annotationNamesUnder(prefix),
      defaultAudience: flags.get('token-audience') ?? defaults.defaultAudience,
      mountPath: flags.get('token-mount-path') ?? defaults.mountPath,
      // The identity webhook raises values below ten minutes, which the API server would reject.
      tokenExpiration: Number.isSafeInteger(expiration)
        ? Math.max(expiration, 600)
        : defaults.tokenExpiration,
      composeRoleArn: isSet('compose-role-arn'),
      region: textOf(flags.get('aws-default-region')),
      regionalSts: isSet('sts-regional-endpoint'),
      containerCredentials: {
        uri: flags.get('container-credentials-full-uri') ?? containerCredentials.uri,
        volume: flags.get('container-credentials-token-volume-name') ?? containerCredentials.volume,
        audience: flags.get('container-credentials-audience') ?? containerCredentials.audience,
        mountPath: flags.get('container-credentials-token-mount-path') ?? containerCredentials.mountPath,
        file: flags.get('container-credentials-token-path') ?? containerCredentials.file
      },
      configured: defaults.configured,
      isAudienceKnown: true,
      source: 'read'
    },
    configMapNamespace: isSet('watch-config-map') ? (flags.get('namespace') ?? 'eks') : undefined
  })
}

/** Parses a Boolean as Go's strconv.ParseBool does; undefined if Go would return an error. */
export function parseGoBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true

  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined
}

// The flags of the identity webhook: https://github.com/aws/amazon-eks-pod-identity-webhook (main.go), and of
// its logger: https://github.com/kubernetes/klog (klog.go, InitFlags).
const booleans: ReadonlySet<string> = new Set([
  ...[
    'compose-role-arn',
    'enable-debugging-handlers',
    'in-cluster',
    'sts-regional-endpoint',
    'version',
    'watch-config-map'
  ],
  ...['add_dir_header', 'alsologtostderr', 'legacy_stderr_threshold_behavior', 'logtostderr', 'one_output'],
  ...['skip_headers', 'skip_log_headers']
])
/** The flags that decide what happens to pods. */
const deciding: ReadonlySet<string> = new Set([
  ...['annotation-prefix', 'aws-default-region', 'compose-role-arn', 'namespace', 'sts-regional-endpoint'],
  ...['container-credentials-audience', 'container-credentials-full-uri', 'container-credentials-token-path'],
  ...['container-credentials-token-mount-path', 'container-credentials-token-volume-name'],
  ...['token-audience', 'token-expiration', 'token-mount-path', 'watch-config-map']
])
const withValue: ReadonlySet<string> = new Set([
  ...deciding,
  ...['kube-api', 'kubeconfig', 'metrics-port', 'port', 'service-name'],
  ...['service-account-lookup-grace-period', 'tls-cert', 'tls-key', 'tls-secret', 'v'],
  ...['watch-container-credentials-config'],
  ...['alsologtostderrthreshold', 'log_backtrace_at', 'log_dir', 'log_file', 'log_file_max_size'],
  ...['stderrthreshold', 'vmodule']
])

/**
 * Parses flags as github.com/spf13/pflag does: `--name=value`, `--name value`, and `--name` alone for a
 * Boolean. The last occurrence wins.
 */
function parseFlags(args: readonly string[]): Fact<ReadonlyMap<string, string>> {
  const flags = new Map<string, string>()
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ''
    if (arg === '--') break
    // A shell starts the identity webhook, and this argument is the script.
    if (!arg.startsWith('-') && /\s--/.test(arg))
      return unknown(`the identity webhook is started by a script, ${quote(arg)}`)
    const [, name, , written] = /^--([^=]+)(=([^]*))?$/.exec(arg) ?? []
    if (name === undefined) continue

    const isKnown = booleans.has(name) || withValue.has(name)
    // A flag that takes a value would swallow the next flag; a Boolean one would not.
    if (!isKnown && written === undefined && args[index + 1]?.startsWith('-') === true)
      return unknown(`irsa-guard does not know the identity webhook's flag ${quote(`--${name}`)}`)
    const value = written ?? (booleans.has(name) ? 'true' : (args[++index] ?? ''))
    // https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
    if (deciding.has(name) && enclosedIn(value, '$(', ')') !== undefined)
      return unknown(`the identity webhook's flag --${name} is set from an environment variable`)
    flags.set(name, value)
  }

  return known(flags)
}
