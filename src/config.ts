import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { type Document, LineCounter, parseDocument } from 'yaml'
import schema from '../schemas/config.json' with { type: 'json' }
import { type ClusterArn, parseClusterArn } from './model/cluster-arn.js'
import { type Exception, parseException } from './model/exception.js'
import type { Severity } from './model/finding.js'
import { GuardError } from './model/guard-error.js'
import { withoutEksSlash } from './model/issuer.js'
import type { Mode } from './model/namespace.js'
import type { RuleSettings } from './model/rule-settings.js'
import { parseWaiverLimits, type WaiverSettings } from './model/waiver-limits.js'
import { closestTo } from './text/closest.js'
import { endOfDay } from './text/day.js'
import { parseDuration } from './text/duration.js'
import { quote } from './text/escape.js'
import { listOf, recordOf } from './text/record.js'

/**
 * The configuration of `serve`, `controller` and the commands, with every default filled in. Durations are in
 * milliseconds.
 */
export interface Config {
  readonly mode: Mode
  readonly ruleSettings: RuleSettings
  readonly issuer: string | undefined
  readonly audience: string | undefined
  /** Path of a PEM file. */
  readonly clusterCa: string | undefined
  /** The prefix of the identity webhook's annotations; undefined if irsa-guard must detect it. */
  readonly annotationPrefix: string | undefined
  readonly iam: {
    readonly files: readonly string[]
    readonly accounts: readonly { readonly account: string; readonly roleArn: string }[]
    readonly requestsPerSecond: number
    readonly endpoint: string | undefined
  }
  readonly eks: {
    /** The cluster whose EKS Pod Identity associations are read. */
    readonly clusterArn: ClusterArn | undefined
    readonly requestsPerSecond: number
    readonly endpoint: string | undefined
  }
  /** The controller's background scan. */
  readonly scan: {
    readonly enabled: boolean
    /** The maximum age of a fact from AWS, as far as the rate limits permit. */
    readonly interval: number
    /** The URL of an SQS queue with events about changes in AWS. */
    readonly changeQueue: string | undefined
  }
  readonly caBundle: {
    readonly guard: readonly string[]
    readonly enforce: readonly string[]
    readonly injectors: Readonly<Record<string, readonly string[]>>
  }
  readonly exempt: { readonly users: readonly string[]; readonly groups: readonly string[] }
  readonly server: { readonly port: number; readonly healthPort: number; readonly deadline: number }
  readonly tls: {
    readonly certFile: string
    readonly keyFile: string
    /**
     * Whether the controller issues and renews the serving certificate and writes the caBundle of irsa-guard's own
     * webhook.
     */
    readonly managed: boolean
    readonly hosts: readonly string[]
  }
}

interface ConfigFile extends Partial<
  Omit<Config, 'ruleSettings' | 'iam' | 'eks' | 'scan' | 'caBundle' | 'exempt' | 'server' | 'tls'>
> {
  readonly rules?: Readonly<Record<string, { readonly severity: Severity | 'off' }>>
  readonly exceptions?: readonly (Omit<Exception, 'until'> & { readonly until?: string })[]
  readonly waivers?: WaiverSettings
  readonly iam?: Partial<Config['iam']>
  readonly eks?: {
    readonly clusterArn?: string
    readonly requestsPerSecond?: number
    readonly endpoint?: string
  }
  readonly scan?: { readonly enabled?: boolean; readonly interval?: string; readonly changeQueue?: string }
  readonly caBundle?: Partial<Config['caBundle']>
  readonly exempt?: Partial<Config['exempt']>
  readonly server?: { readonly port?: number; readonly healthPort?: number; readonly deadline?: string }
  readonly tls?: Partial<Config['tls']>
}

/** The longest deadline, in milliseconds, that fits into the timeout of irsa-guard's own webhook (3 s). */
const longestDeadline = 2500
/** Shorter deadlines leave no time for lookups. */
const shortestDeadline = 100
/** A shorter interval would only keep AWS and the API server busy. */
const shortestScanInterval = 1000

/**
 * Reads a configuration from the YAML text of `file`. Throws ERR_CONFIG with one line for each mistake, which
 * names the key, the value and what is allowed.
 */
export function parseConfig(text: string, file: string, ruleIds: readonly string[]): Config {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const [error] = document.errors
  if (error?.code === 'MULTIPLE_DOCS')
    throw new GuardError('ERR_CONFIG', `${file} contains several YAML documents; expected one`)
  if (error !== undefined)
    throw new GuardError('ERR_CONFIG', `${file}:${lineCounter.linePos(error.pos[0]).line}: ${error.message}`)

  const content = contentOf(document, file)
  const inConfigMap = recordOf(content)['kind'] === 'ConfigMap' ? configIn(content, file) : undefined
  if (inConfigMap !== undefined) return parseConfig(inConfigMap, `${file}: ${configKey}`, ruleIds)

  const validate = new Ajv2020({ allErrors: true, verbose: true }).compile<ConfigFile>(schema)
  let mistakes: string[] = []
  if (!validate(content)) mistakes = mistakesOf(validate.errors ?? [])
  else {
    for (const id of Object.keys(content.rules ?? {}).filter((id) => !ruleIds.includes(id))) {
      mistakes.push(`rules.${id}: there is no such rule${didYouMean(id, ruleIds)}`)
    }
    for (const key of ['rules', 'excludedRules'] as const)
      for (const [index, id] of (content.waivers?.[key] ?? []).entries())
        if (!ruleIds.includes(id))
          mistakes.push(
            `waivers.${key}.${index} is ${quote(id)}: there is no such rule${didYouMean(id, ruleIds)}`
          )
    for (const [index, { rule, until }] of (content.exceptions ?? []).entries()) {
      if (!ruleIds.includes(rule))
        mistakes.push(
          `exceptions.${index}.rule is ${quote(rule)}: there is no such rule${didYouMean(rule, ruleIds)}`
        )
      if (until !== undefined && endOfDay(until) === undefined)
        mistakes.push(
          `exceptions.${index}.until is ${quote(until)}; expected a valid date such as 2027-01-31`
        )
    }
    if (durationOf(content.server?.deadline ?? '2s') > longestDeadline) {
      mistakes.push(
        `server.deadline is ${JSON.stringify(content.server?.deadline)}; expected at most ${longestDeadline} ms, to fit into the webhook's timeout of 3 s`
      )
    }
    if (durationOf(content.server?.deadline ?? '2s') < shortestDeadline) {
      mistakes.push(
        `server.deadline is ${JSON.stringify(content.server?.deadline)}; expected at least ${shortestDeadline} ms`
      )
    }
    if (durationOf(content.scan?.interval ?? '15m') < shortestScanInterval) {
      mistakes.push(`scan.interval is ${quote(content.scan?.interval ?? '')}; expected at least 1 s`)
    }
    const { changeQueue } = content.scan ?? {}
    if (changeQueue !== undefined && !URL.canParse(changeQueue))
      mistakes.push(`scan.changeQueue is ${quote(changeQueue)}; expected the URL of an SQS queue`)
    const { clusterArn } = content.eks ?? {}
    if (clusterArn !== undefined && parseClusterArn(clusterArn) === undefined)
      mistakes.push(`eks.clusterArn is ${quote(clusterArn)}; expected the ARN of an EKS cluster`)
    const config = withDefaults(content)
    mistakes.push(...contradictionsOf(config))
    if (mistakes.length === 0) return config
  }

  throw new GuardError('ERR_CONFIG', mistakes.map((mistake) => `${file}: ${mistake}`).join('\n'))
}

const configKey = 'config.yaml'

/**
 * The configuration in the ConfigMap of manifests/config.yaml, for commands that get that file as `--config`.
 */
function configIn(configMap: unknown, file: string): string {
  const text = recordOf(recordOf(configMap)['data'])[configKey]
  if (typeof text === 'string') return text

  throw new GuardError('ERR_CONFIG', `${file} is a ConfigMap without the key ${configKey}`)
}

function contentOf(document: Document, file: string): unknown {
  try {
    return document.toJS() ?? {}
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause
    throw new GuardError('ERR_CONFIG', `${file}: ${cause.message}`, { cause }) // an alias refers to no anchor, or the aliases expand to too much data
  }
}

/** Contradictions between values, which the schema cannot express. */
function contradictionsOf({ iam: { accounts }, server: { port, healthPort } }: Config): string[] {
  const others = accounts.filter(({ account, roleArn }) => !roleArn.includes(`::${account}:`))
  const twice = new Set(
    accounts.map(({ account }) => account).filter((account, index, all) => all.indexOf(account) !== index)
  )

  return [
    ...others.map(
      ({ account, roleArn }) =>
        `iam.accounts: roleArn is ${quote(roleArn)}; expected a role in account ${account}, because it must read that account's roles`
    ),
    ...[...twice].map(
      (account) =>
        `iam.accounts: account ${account} is listed more than once; expected one role for each account`
    ),
    ...(port === healthPort && port !== 0
      ? [`server.port and server.healthPort are both ${port}; expected two different ports`]
      : [])
  ]
}

function withDefaults({
  rules = {},
  exceptions = [],
  waivers = {},
  iam = {},
  eks = {},
  scan = {},
  caBundle = {},
  exempt = {},
  server = {},
  tls = {},
  ...rest
}: ConfigFile): Config {
  return {
    mode: rest.mode ?? 'enforce',
    ruleSettings: {
      severities: new Map(Object.entries(rules).map(([id, { severity }]) => [id, severity])),
      exceptions: exceptions.flatMap((exception) => parseException({ until: undefined, ...exception }) ?? []),
      waiverLimits: parseWaiverLimits(waivers)
    },
    issuer: rest.issuer === undefined ? undefined : withoutEksSlash(rest.issuer),
    audience: rest.audience,
    clusterCa: rest.clusterCa,
    annotationPrefix: rest.annotationPrefix,
    iam: {
      files: iam.files ?? [],
      accounts: iam.accounts ?? [],
      requestsPerSecond: iam.requestsPerSecond ?? 5,
      endpoint: iam.endpoint
    },
    eks: {
      clusterArn: eks.clusterArn === undefined ? undefined : parseClusterArn(eks.clusterArn),
      requestsPerSecond: eks.requestsPerSecond ?? 3,
      endpoint: eks.endpoint
    },
    scan: {
      enabled: scan.enabled ?? true,
      interval: durationOf(scan.interval ?? '15m'),
      changeQueue: scan.changeQueue
    },
    caBundle: {
      guard: caBundle.guard ?? [],
      enforce: caBundle.enforce ?? [],
      injectors: caBundle.injectors ?? {}
    },
    exempt: { users: exempt.users ?? [], groups: exempt.groups ?? [] },
    server: {
      port: server.port ?? 9443,
      healthPort: server.healthPort ?? 8080,
      deadline: durationOf(server.deadline ?? '2s')
    },
    tls: {
      certFile: tls.certFile ?? '/etc/irsa-guard/tls/tls.crt',
      keyFile: tls.keyFile ?? '/etc/irsa-guard/tls/tls.key',
      managed: tls.managed ?? true,
      hosts: tls.hosts ?? []
    }
  }
}

/** A duration that the schema accepts, in milliseconds. */
const durationOf = (text: string): number => parseDuration(text) ?? NaN

// The maximum length of a value in a message: enough to recognize it.
const longestShown = 200

function mistakesOf(errors: readonly ErrorObject[]): string[] {
  return errors.map(({ instancePath, keyword, params, data, parentSchema, message = keyword }) => {
    const path = instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')
    const text = JSON.stringify(data)
    const value = text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
    if (keyword === 'additionalProperties') {
      const key = String(params['additionalProperty'])
      const known = Object.keys((parentSchema?.['properties'] ?? {}) as object)
      return `${path === '' ? '' : `${path}.`}${key}: unknown key${didYouMean(key, known)}; expected one of ${known.join(', ')}`
    }
    const allowed = {
      enum: () => `one of ${(params['allowedValues'] as readonly string[]).join(', ')}`,
      type: () => `a value of type ${String(params['type'])}`,
      pattern: () => `a string such as ${examplesOf(parentSchema)}`,
      minLength: () => 'a non-empty string',
      required: () => `an object with the key ${String(params['missingProperty'])}`
    }[keyword]

    return `${path === '' ? 'the configuration' : path} is ${value}; expected ${allowed?.() ?? `a value that ${message}`}`
  })
}

const examplesOf = (schema: unknown): string => listOf(recordOf(schema)['examples']).map(String).join(', ')

function didYouMean(found: string, known: readonly string[]): string {
  const closest = closestTo(found, known)

  return closest === undefined ? '' : ` (did you mean ${closest}?)`
}
