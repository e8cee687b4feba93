import { Command } from 'commander'
import type { IamSource, TrustPolicyDocument } from '../facts/facts.js'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import { judgeTrustFor } from '../library/evaluate-trust.js'
import { GuardError } from '../model/guard-error.js'
import { notInTokens } from '../model/issuer.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { exitCodeOf, type FailOn } from '../output/exit-code.js'
import { type Format, jsonOf } from '../output/formats.js'
import { type TrustReport, trustTextOf } from '../output/trust-text.js'
import { buildLiveIam } from '../sources/iam/live.js'
import { parsePolicyDocument } from '../trust-policy/document.js'
import { accountGiven } from './support/given-names.js'
import {
  awsOption,
  configOption,
  failOnOption,
  iamOption,
  issuerOption,
  outputOption
} from './support/options.js'
import { type GivenPolicy, policyIn } from './support/policy-text.js'
import { loadInput } from './support/read-input.js'
import { loadConfigFile, loadSources } from './support/sources.js'
import { complaintOf, type Terminal } from './support/terminal.js'

export interface TrustOptions {
  readonly config?: string
  readonly role?: string
  readonly policy?: string
  readonly issuer?: string
  readonly namespace?: string
  readonly serviceAccount: string
  readonly audience?: string
  readonly iam: readonly string[]
  readonly aws?: boolean
  readonly output: Format
  readonly fix: boolean
  readonly failOn: FailOn
}

export const trustCommand = (terminal: Terminal): Command =>
  new Command('trust')
    .description(
      "check whether a role's trust policy admits a service account; --fix prints a corrected policy (exit codes: 0 ok, 1 findings, 2 unreadable policy)"
    )
    .option('--role <arn>', 'the role; its policy is read from --iam or --aws, or chosen from --policy')
    .option(
      '--policy <file>',
      'a trust policy, or a role with its policy: the output of aws iam get-role, aws iam list-roles or terraform show -json, or a CloudFormation template; - reads stdin'
    )
    .addOption(iamOption())
    .addOption(awsOption())
    .addOption(configOption())
    .addOption(issuerOption())
    .option('-n, --namespace <name>', 'namespace of the service account')
    .requiredOption('--service-account <name>', 'name of the service account, or NAMESPACE/NAME')
    .option('--audience <name>', 'audience of the service account\'s tokens (default: "sts.amazonaws.com")')
    .addOption(outputOption(trustFormats))
    .option(
      '--fix',
      'print only a policy that admits the service account; exit with 1 if there is none',
      false
    )
    .addOption(failOnOption())
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard trust --role arn:aws:iam::111122223333:role/team/cart --iam iam.json --service-account shop/cart
  irsa-guard trust --role arn:aws:iam::111122223333:role/team/cart --aws --issuer https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE -n shop --service-account cart
  irsa-guard trust --policy trust.json --issuer https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE -n shop --service-account cart --fix > fixed.json &&
    aws iam update-assume-role-policy --role-name cart --policy-document file://fixed.json
  aws iam get-role --role-name cart | irsa-guard trust --policy - --iam iam.json -n shop --service-account cart`
    )
    .action(async (options: TrustOptions) => {
      process.exitCode = await trust(options, terminal)
    })

const trustFormats = {
  text: trustTextOf,
  json: (report) => jsonOf({ ...report, subject: undefined })
} satisfies Record<Format, (report: TrustReport, policy: unknown) => string>

/**
 * Judges one trust policy for one service account. Returns the exit code; with `fix`, 0 if a policy was
 * printed and 1 if there is none. Throws ERR_USAGE and ERR_INPUT.
 */
export async function trust(options: TrustOptions, terminal: Terminal): Promise<0 | 1> {
  const { namespace, serviceAccount } = accountGiven(options)
  const role = options.role === undefined ? undefined : roleArnOf(options.role)
  const written = options.policy === undefined ? undefined : await loadPolicy(options.policy, role, terminal)
  const config = await loadConfigFile(options.config)
  const {
    issuer,
    iam: given,
    audience: defaultAudience,
    identityWebhook = defaultIdentityWebhook
  } = await loadSources(options, config)
  const iam = options.aws ? await buildLiveIam({ ...config.iam, patient: true }) : given
  if (issuer === undefined)
    throw new GuardError(
      'ERR_USAGE',
      'the issuer of the cluster is not known; pass --issuer, or name it in the IAM file'
    )
  const other = notInTokens(issuer)
  if (other !== undefined) throw new GuardError('ERR_USAGE', other)
  const arn = role ?? written?.arn
  const trustPolicy = written?.trustPolicy ?? (await loadPolicyOf(arn, iam))
  const read = parsePolicyDocument(trustPolicy.document, trustPolicy.encoding)
  const policy = 'value' in read ? read.value : undefined
  const { account, partition } = arn ?? ownerOf(policy)

  const { audience = defaultAudience ?? identityWebhook.defaultAudience } = options
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
    return printFix(
      verdict.verdict === 'allowed' ? policy : verdict.suggested,
      { ...verdict, subject },
      terminal
    )

  terminal.stdout(trustFormats[options.output]({ ...verdict, subject }, policy))

  return exitCodeOf(verdict.findings, options.failOn)
}

/**
 * Prints a policy that admits the service account. If there is none, prints the reason on stderr, so that a
 * pipe never gets anything but a policy.
 */
function printFix(corrected: unknown, report: TrustReport, terminal: Terminal): 0 | 1 {
  if (corrected === undefined) {
    terminal.stderr(
      complaintOf('no policy printed: no small edit is guaranteed to admit this service account')
    )
    terminal.stderr(trustTextOf(report, undefined))
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

async function loadPolicyOf(
  arn: RoleArn | undefined,
  iam: IamSource | undefined
): Promise<TrustPolicyDocument> {
  if (arn === undefined)
    throw new GuardError(
      'ERR_USAGE',
      'no trust policy given; expected --role ARN with --iam FILE or --aws, or --policy FILE'
    )
  if (iam === undefined)
    throw new GuardError('ERR_USAGE', '--role is given without IAM facts; pass --iam FILE or --aws')
  const role = await iam.readRole(arn, { namespace: '', deadline: new AbortController() })
  if (role.state !== 'known') throw new GuardError('ERR_INPUT', `role ${arn.text}: ${role.because}`)
  if (!role.value.exists) throw new GuardError('ERR_INPUT', `role ${arn.text} does not exist`)
  // STS compares the whole ARN, so a role with another path is not found: see role-path-mismatch.
  if (role.value.arn !== arn.text)
    throw new GuardError(
      'ERR_INPUT',
      `role ${arn.text} does not exist; the ARN of role ${arn.name} is ${role.value.arn} (role-path-mismatch)`
    )
  if (role.value.trustPolicy === undefined)
    throw new GuardError('ERR_INPUT', `role ${arn.text}: its trust policy is unknown`)

  return role.value.trustPolicy
}

async function loadPolicy(file: string, role: RoleArn | undefined, terminal: Terminal): Promise<GivenPolicy> {
  const text = await loadInput(file, terminal, 'a trust policy')

  return policyIn(text, file === '-' ? 'stdin' : file, role)
}

/** Without a role, the policy is assumed to belong to the account of the OIDC providers that it names. */
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
      `the policy names OIDC providers of ${owners.size} accounts; pass the ARN of the policy's role with --role`
    )
  }
  return { account, partition }
}
