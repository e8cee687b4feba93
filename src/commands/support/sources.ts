import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { type Config, parseConfig } from '../../config.js'
import type { Sources } from '../../facts/facts.js'
import { defaultIdentityWebhook, withAnnotationPrefix } from '../../identity-webhook/settings.js'
import type { ClusterArn } from '../../model/cluster-arn.js'
import { GuardError } from '../../model/guard-error.js'
import { withoutEksSlash } from '../../model/issuer.js'
import { rules } from '../../rules/index.js'
import { loadSnapshots } from '../../sources/iam-file/snapshot.js'
import { quote } from '../../text/escape.js'
import { parseBundle } from '../../x509/bundle.js'
import { goMinorOf } from '../../x509/go-version.js'
import { chooseCluster } from './cluster-arn.js'

/** Facts from the user, which replace lookups in AWS or a cluster. */
export interface FactsByHand {
  readonly iam: readonly string[]
  readonly issuer?: string | undefined
  /** The audience that the identity webhook requests by default. */
  readonly audience?: string | undefined
  /** Path of a PEM file. */
  readonly clusterCa?: string | undefined
  /** The ARN of the EKS cluster. */
  readonly clusterArn?: string | undefined
}

/**
 * Reads the configuration file; without a file, every key has its default. Relative paths in it are relative
 * to the file. Throws ERR_INPUT, ERR_CONFIG.
 */
export async function loadConfigFile(file: string | undefined): Promise<Config> {
  const ruleIds = rules.map(({ id }) => id)
  if (file === undefined) return parseConfig('', 'defaults', ruleIds)
  const config = parseConfig(await loadText(file), file, ruleIds)
  const fromFile = (path: string): string => (isAbsolute(path) ? path : join(dirname(file), path))

  return {
    ...config,
    clusterCa: config.clusterCa === undefined ? undefined : fromFile(config.clusterCa),
    iam: { ...config.iam, files: config.iam.files.map(fromFile) },
    tls: { ...config.tls, certFile: fromFile(config.tls.certFile), keyFile: fromFile(config.tls.keyFile) }
  }
}

/**
 * Reads the configuration file of a command other than `serve` and `controller`: the given file, or the first
 * `.irsa-guard.yaml` in the working directory or a directory above it. The search ends at the top of a Git
 * repository. Throws ERR_INPUT, ERR_CONFIG.
 */
export async function loadOwnConfigFile(
  file: string | undefined,
  directory = process.cwd()
): Promise<Config> {
  return loadConfigFile(file ?? findUpwards(directory))
}

function findUpwards(directory: string): string | undefined {
  const file = join(directory, configFileName)
  if (existsSync(file)) return file
  const above = dirname(directory)

  return above === directory || existsSync(join(directory, '.git')) ? undefined : findUpwards(above)
}

const configFileName = '.irsa-guard.yaml'

/**
 * The facts from the user. Flags take precedence over the configuration, and the configuration over the IAM
 * file. `kubeconfigCluster` is the EKS cluster that the kubeconfig names. Throws ERR_INPUT, ERR_IAM_SNAPSHOT,
 * and ERR_USAGE if a flag is invalid or facts contradict each other.
 */
export async function loadSources(
  flags: FactsByHand,
  config?: Config,
  kubeconfigCluster?: ClusterArn
): Promise<Sources> {
  if (flags.issuer !== undefined && !/^https:\/\/[^/?#\s]+(?:\/[^?#\s]*)?$/.test(flags.issuer)) {
    throw new GuardError(
      'ERR_USAGE',
      `--issuer is ${JSON.stringify(flags.issuer)}; expected a URL such as https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE`
    )
  }
  const issuer = flags.issuer === undefined ? config?.issuer : withoutEksSlash(flags.issuer)
  const clusterCaFile = flags.clusterCa ?? config?.clusterCa
  const clusterCa = clusterCaFile === undefined ? undefined : await loadCaFile(clusterCaFile)
  const iam = flags.iam.length > 0 ? flags.iam : (config?.iam.files ?? [])
  if (flags.audience?.trim() === '') {
    throw new GuardError(
      'ERR_USAGE',
      `--audience is ${quote(flags.audience)}; expected the name of an audience, such as sts.amazonaws.com`
    )
  }
  const audience = flags.audience ?? config?.audience
  const identityWebhook = config && withAnnotationPrefix(defaultIdentityWebhook, config.annotationPrefix)
  const clusterOf = (inFiles: readonly ClusterArn[]): ClusterArn | undefined =>
    chooseCluster(flags.clusterArn, config, inFiles, kubeconfigCluster)
  if (iam.length === 0)
    return {
      issuer,
      audience,
      clusterCa,
      identityWebhook,
      clusterArn: clusterOf([])
    }

  const documents = await Promise.all(
    iam.map(async (file) => ({ file, content: loadJson(file, await loadText(file, iamInFolder)) }))
  )
  const issuers = new Set(
    documents.flatMap(({ content }) =>
      isObject(content) && typeof content['issuer'] === 'string' ? [withoutEksSlash(content['issuer'])] : []
    )
  )
  if (issuers.size > 1 && issuer === undefined) {
    throw new GuardError(
      'ERR_USAGE',
      `the IAM files name ${issuers.size} issuers: ${[...issuers].join(', ')}; choose one with --issuer (or issuer in the configuration)`
    )
  }
  const snapshot = loadSnapshots(documents, clusterOf)

  return {
    iam: snapshot.iam,
    trustingRoles: snapshot.trustingRoles,
    roles: snapshot.roles,
    issuer: issuer ?? snapshot.issuer,
    clusterArn: snapshot.clusterArn,
    associations: snapshot.associations,
    audience,
    clusterCa,
    identityWebhook
  }
}

const iamInFolder =
  'expected a JSON file with IAM facts (for several files, repeat --iam, or list the files in iam.files of the configuration)'

/**
 * Reads a text file. Throws ERR_INPUT with the file's name; for a directory, the error says what to do
 * instead.
 */
export async function loadText(file: string, inFolder = 'expected a file'): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '') // removes a byte order mark, which is not valid JSON
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    if (code === 'EISDIR') throw new GuardError('ERR_INPUT', `${file} is a directory; ${inFolder}`, { cause })
    if (code === 'ENOENT') throw new GuardError('ERR_INPUT', `there is no file ${file}`, { cause })
    throw new GuardError('ERR_INPUT', `${file} cannot be read (${code})`, { cause })
  }
}

/**
 * Reads a file of the cluster's CAs (PEM). Throws ERR_INPUT with the file's name if it cannot be read, or if
 * Go would read no certificate from it.
 */
export async function loadCaFile(file: string): Promise<string> {
  const text = await loadText(file)
  if (parseBundle(Buffer.from(text), goMinorOf(undefined)).certificates.length === 0)
    throw new GuardError(
      'ERR_INPUT',
      `${file} contains no certificate that an API server can read; expected the cluster CA as PEM`
    )

  return text
}

function loadJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new GuardError(
      'ERR_IAM_SNAPSHOT',
      `${file} is not JSON in UTF-8: ${cause instanceof Error ? cause.message : ''}`,
      { cause }
    )
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
