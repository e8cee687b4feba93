import type { IamSource, TrustPolicyDocument } from '../facts/facts.js'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import { judgeTrustFor } from '../library/evaluate-trust.js'
import type { Severity } from '../model/finding.js'
import { GuardError } from '../model/guard-error.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { type TrustReport, trustTextOf } from '../output/trust-text.js'
import { buildLiveIam } from '../sources/iam/live.js'
import { readDocument } from '../trust-policy/document.js'
import { assertNamespace, assertServiceAccount } from './support/given-names.js'
import { policyIn } from './support/policy-text.js'
import { loadInput } from './support/read-input.js'
import { loadConfigFile, loadSources } from './support/sources.js'
import type { Terminal } from './support/terminal.js'

export interface TrustOptions {
  readonly config?: string
  readonly role?: string
  readonly policy?: string
  readonly issuer?: string
  readonly namespace: string
  readonly serviceAccount: string
  readonly audience?: string
  readonly iam: readonly string[]
  readonly aws?: boolean
  readonly output: 'text' | 'json'
  readonly fix: boolean
  readonly failOn: Severity | 'never'
}

const severities = ['error', 'warning', 'info'] as const

/**
 * Judges one trust policy for one service account. Returns the exit code: 0 or 1; with `fix`, 0 when a policy
 * is printed, which lets the account in. Throws ERR_USAGE and ERR_INPUT.
 */
export async function trust(options: TrustOptions, terminal: Terminal): Promise<0 | 1> {
  assertNamespace(options.namespace)
  assertServiceAccount(options.serviceAccount)
  const written = options.policy === undefined ? undefined : await readPolicy(options.policy, terminal)
  const config = await loadConfigFile(options.config)
  const {
    issuer,
    iam: given,
    audience: said,
    identityWebhook = defaultIdentityWebhook
  } = await loadSources(options, config)
  const iam = options.aws ? await buildLiveIam({ ...config.iam, patient: true }) : given
  if (issuer === undefined)
    throw new GuardError(
      'ERR_USAGE',
      'the issuer of the cluster is not known; say it with --issuer, or in the IAM file'
    )
  const arn = options.role === undefined ? undefined : roleArnOf(options.role)
  const trustPolicy = written ?? (await policyOf(arn, iam))
  const read = readDocument(trustPolicy.document, trustPolicy.encoding)
  const policy = 'value' in read ? read.value : undefined
  const { account, partition } = arn ?? ownerOf(policy)

  const { namespace, serviceAccount, audience = said ?? identityWebhook.defaultAudience } = options
  const verdict = judgeTrustFor(
    {
      ...trustPolicy,
      roleAccount: account,
      partition,
      issuer,
      namespace,
      serviceAccount,
      audience,
      at: new Date()
    },
    identityWebhook
  )
  const subject = `system:serviceaccount:${namespace}:${serviceAccount}`
  if (options.fix)
    return fix(verdict.verdict === 'allowed' ? policy : verdict.suggested, { ...verdict, subject }, terminal)

  terminal.stdout(
    options.output === 'json'
      ? `${JSON.stringify(verdict, null, 2)}\n`
      : trustTextOf({ ...verdict, subject }, policy)
  )
  const limit = severities.findIndex((severity) => severity === options.failOn) // -1 for never

  return verdict.findings.some(({ severity }) => severities.indexOf(severity) <= limit) ? 1 : 0
}

/**
 * Prints a policy that is right; without one nothing, so that a file or a pipe never gets another, and the
 * reason on stderr.
 */
function fix(corrected: unknown, report: TrustReport, terminal: Terminal): 0 | 1 {
  if (corrected === undefined) {
    terminal.stderr(
      `nothing is printed, for no small edit of this policy surely lets the account in\n${trustTextOf(report, undefined)}`
    )
    return 1
  }
  terminal.stdout(`${JSON.stringify(corrected, null, 2)}\n`)

  return 0
}

function roleArnOf(text: string): RoleArn {
  const arn = parseRoleArn(text)
  if (arn === undefined)
    throw new GuardError(
      'ERR_USAGE',
      `--role is ${JSON.stringify(text)}; expected arn:aws:iam::<12-digit account>:role/<path/><name>`
    )

  return arn
}

async function policyOf(arn: RoleArn | undefined, iam: IamSource | undefined): Promise<TrustPolicyDocument> {
  if (arn === undefined)
    throw new GuardError(
      'ERR_USAGE',
      'say which policy is meant: --role ARN with --iam FILE or --aws, or --policy FILE'
    )
  if (iam === undefined)
    throw new GuardError('ERR_USAGE', '--role needs facts about IAM: --iam FILE or --aws')
  const role = await iam.readRole(arn, { namespace: '', deadline: new AbortController() })
  if (role.state !== 'known') throw new GuardError('ERR_INPUT', `role ${arn.text}: ${role.because}`)
  if (!role.value.exists) throw new GuardError('ERR_INPUT', `role ${arn.text} does not exist`)
  if (role.value.trustPolicy === undefined)
    throw new GuardError('ERR_INPUT', `role ${arn.text}: its trust policy is not known`)

  return role.value.trustPolicy
}

async function readPolicy(file: string, terminal: Terminal): Promise<TrustPolicyDocument> {
  const text = await loadInput(file, terminal, 'a trust policy, JSON')

  return policyIn(text, file === '-' ? 'standard input' : file)
}

/** A policy without its role is taken for one of the account whose OIDC providers it names. */
function ownerOf(policy: unknown): { account: string; partition: string } {
  const named = [
    ...(policy === undefined ? '' : JSON.stringify(policy)).matchAll(
      /arn:(aws[a-z0-9-]*):iam::(\d{12}):oidc-provider/g
    )
  ]
  const [, partition, account] = named[0] ?? []
  const owners = new Set(named.map(([owner]) => owner))
  if (partition === undefined || account === undefined || owners.size > 1) {
    throw new GuardError(
      'ERR_USAGE',
      `the policy names OIDC providers of ${owners.size} accounts; say with --role whose policy it is`
    )
  }
  return { account, partition }
}
