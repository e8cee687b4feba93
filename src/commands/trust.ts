import { Command } from 'commander'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import { GuardError } from '../model/guard-error.js'
import { notInTokens } from '../model/issuer.js'
import { exitCodeOf, type FailOn } from '../output/exit-code.js'
import { type Format, jsonOf } from '../output/formats.js'
import type { Style } from '../output/style.js'
import { trustTextsOf } from '../output/trust-text.js'
import { parsePolicyDocument, policyLength } from '../trust-policy/document.js'
import { buildLiveAws } from './support/live-aws.js'
import {
  awsOption,
  clusterArnOption,
  configOption,
  failOnOption,
  iamOption,
  issuerOption,
  styleOptionsWithVerbose,
  withOptions
} from './support/options.js'
import { type Output, outputsOption, textOnly, writeOutputs } from './support/outputs.js'
import { loadOwnConfigFile, loadSources } from './support/sources.js'
import {
  complain,
  errorStyleOf,
  fileStyleOf,
  styleOf,
  type StyleOptions,
  type Terminal
} from './support/terminal.js'
import {
  type ChainReport,
  chainsAsked,
  irsaChain,
  podIdentityChain,
  type PodIdentityOptions,
  readAssociationOf,
  reportOfChain,
  type TrustChain
} from './support/trust-chains.js'
import { applyCommands, correctedFor } from './support/trust-fix.js'
import { accountAsked, loadPolicy, loadPolicyOf, ownerOf, roleArnOf } from './support/trust-input.js'

export interface TrustOptions extends PodIdentityOptions, StyleOptions {
  readonly config?: string
  readonly role?: string
  readonly policy?: string
  readonly issuer?: string
  readonly namespace?: string
  readonly serviceAccount?: string
  readonly audience?: string
  readonly iam: readonly string[]
  readonly aws?: boolean
  readonly output?: readonly Output<Format>[]
  readonly fix: boolean
  readonly failOn: FailOn
}

export const trustCommand = (terminal: Terminal): Command =>
  withOptions(
    new Command('trust')
      .description(
        "check whether a role's trust policy admits a service account, through IRSA or EKS Pod Identity; --fix prints a corrected policy (exit codes: 0 ok, 1 findings, 2 unreadable policy)"
      )
      .argument('[account]', 'the service account, as NAMESPACE/NAME, or NAME with -n')
      .option('--role <arn>', 'the role; its policy is read from --iam or --aws, or chosen from --policy')
      .option(
        '--policy <file>',
        'a trust policy, or a role with its policy: the output of aws iam get-role, aws iam list-roles or terraform show -json, or a CloudFormation template; - reads stdin'
      )
      .addOption(iamOption())
      .addOption(awsOption())
      .addOption(configOption())
      .addOption(issuerOption('OIDC issuer of the cluster: judge the policy for IRSA'))
      .addOption(clusterArnOption('ARN of the EKS cluster: judge the policy for EKS Pod Identity'))
      .option('-n, --namespace <name>', 'namespace of the service account')
      .option('--service-account <name>', 'the same as the argument')
      .option('--audience <name>', 'audience of the service account\'s tokens (default: "sts.amazonaws.com")')
      .option('--no-session-tags', 'the EKS Pod Identity association disables session tags')
      .option('--first-role <arn>', "the association's own role, if the policy belongs to a target role")
      .option('--external-id <id>', 'external ID of the association, for a target role (default: derived)')
      .addOption(outputsOption(trustFormats))
      .option(
        '--fix',
        'print only a policy that admits the service account; exit with 1 if there is none',
        false
      )
      .addOption(failOnOption()),
    styleOptionsWithVerbose()
  )
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard trust shop/cart --role arn:aws:iam::111122223333:role/team/cart --iam iam.json
  irsa-guard trust shop/cart --role arn:aws:iam::111122223333:role/team/cart --aws --issuer https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE
  irsa-guard trust shop/cart --policy trust.json --issuer https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE --fix > t.json &&
    aws iam update-assume-role-policy --role-name cart --policy-document file://t.json
  aws iam get-role --role-name cart | irsa-guard trust --policy - --iam iam.json -n shop --service-account cart
  irsa-guard trust shop/cart --role arn:aws:iam::111122223333:role/team/cart --aws --cluster-arn arn:aws:eks:us-east-1:111122223333:cluster/prod
  irsa-guard trust shop/cart --policy trust.json --issuer https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE --cluster-arn arn:aws:eks:us-east-1:111122223333:cluster/prod --fix

With --issuer, trust judges the policy for IRSA; with --cluster-arn, for EKS Pod
Identity; with both, for both. With neither, it judges the policy for EKS Pod
Identity if the service account has an association with this role, otherwise for
IRSA.`
    )
    .action(async (account: string | undefined, options: TrustOptions) => {
      process.exitCode = await trust(account, options, terminal)
    })

/** What an output format needs besides the verdicts. */
interface TrustContext {
  readonly policy: unknown
  /** The commands that apply the correction. */
  readonly commands: readonly string[]
  readonly style: Style
}

const trustFormats = {
  text: (reports, { policy, commands, style }) =>
    trustTextsOf(reports, policy, { quota: policyLength.defaultQuota, commands }, style),
  json: (reports) => jsonOf(trustJsonOf(reports))
} satisfies Record<Format, (reports: readonly ChainReport[], context: TrustContext) => string>

/**
 * The verdict on IRSA, with the verdict on EKS Pod Identity as `podIdentity` if both were judged. A verdict on
 * EKS Pod Identity alone has the same keys, plus `chain`.
 */
function trustJsonOf(reports: readonly ChainReport[]): object {
  const isPodIdentityAlone = reports.length === 1 && reports[0]?.chain === 'pod-identity'
  const [first, second] = reports.map((report) => ({
    ...report,
    about: undefined,
    parts: undefined,
    suggestedSize: undefined,
    chain: isPodIdentityAlone ? report.chain : undefined
  }))

  return { ...first, ...(second && { podIdentity: second }) }
}

/**
 * Judges one trust policy for one service account, for IRSA, EKS Pod Identity or both. Returns the exit code;
 * with `fix`, 0 if a policy was printed and 1 if there is none. Throws ERR_USAGE, ERR_INPUT,
 * ERR_CONFIG, ERR_IAM_SNAPSHOT and ERR_OUTPUT.
 */
export async function trust(
  named: string | undefined,
  options: TrustOptions,
  terminal: Terminal
): Promise<0 | 1> {
  const account = accountAsked(named, options)
  const role = options.role === undefined ? undefined : roleArnOf(options.role)
  const written = options.policy === undefined ? undefined : await loadPolicy(options.policy, role, terminal)
  const config = await loadOwnConfigFile(options.config)
  const given = await loadSources(options, config)
  const { issuer, clusterArn: cluster } = given
  const { iam, associations } = options.aws ? await buildLiveAws(config, cluster, () => undefined) : given
  const arn = role ?? written?.arn
  const association = await readAssociationOf(account, associations)
  const subject = { ...account, role: arn, cluster, association }
  const asked = chainsAsked(options, issuer, subject)
  if (!asked.irsa && !asked.podIdentity)
    throw new GuardError(
      'ERR_USAGE',
      'neither the issuer nor the ARN of the cluster is known; pass --issuer (IRSA) or --cluster-arn (EKS Pod Identity), or name one of them in the IAM file'
    )
  const other = asked.irsa && issuer !== undefined ? notInTokens(issuer) : undefined
  if (other !== undefined) throw new GuardError('ERR_USAGE', other)
  const trustPolicy = written?.trustPolicy ?? (await loadPolicyOf(arn, iam))
  const read = parsePolicyDocument(trustPolicy.document, trustPolicy.encoding)
  const policy = 'value' in read ? read.value : undefined

  const { identityWebhook = defaultIdentityWebhook } = given
  const audience = options.audience ?? given.audience ?? identityWebhook.defaultAudience
  const chains: TrustChain[] = []
  if (asked.irsa && issuer !== undefined) {
    const { account: roleAccount, partition } = arn ?? ownerOf(policy)
    chains.push(irsaChain({ ...account, roleAccount, partition, issuer, audience }, arn, identityWebhook))
  }
  if (asked.podIdentity && cluster !== undefined) {
    chains.push(podIdentityChain(options, cluster, subject))
    if (association.state === 'unknown' && options.aws && options.sessionTags !== false)
      complain(
        terminal,
        `--aws: the association of the service account could not be read (${association.because}); its session tags are assumed to be enabled (pass --no-session-tags if they are not)`
      )
  }
  const reports = chains.map((chain) => reportOfChain(chain, trustPolicy))
  const corrected = correctedFor(chains, trustPolicy)
  if (options.fix) return printFix(corrected, reports, options, terminal)

  const isWrong = reports.some(({ verdict }) => verdict !== 'allowed')
  const commands = isWrong && corrected !== undefined ? applyCommands(options, account, arn) : []
  await writeOutputs(
    options.output ?? textOnly,
    ({ format, file }) =>
      trustFormats[format](reports, {
        policy,
        commands,
        style: file === undefined ? styleOf(options, terminal) : fileStyleOf(options)
      }),
    terminal
  )

  return exitCodeOf(
    reports.flatMap(({ findings }) => findings),
    options.failOn
  )
}

/**
 * Prints a policy that admits the service account. If there is none, prints the reason on stderr, so that a
 * pipe never gets anything but a policy.
 */
function printFix(
  corrected: unknown,
  reports: readonly ChainReport[],
  options: TrustOptions,
  terminal: Terminal
): 0 | 1 {
  if (corrected === undefined) {
    complain(terminal, 'no policy printed: no small edit is guaranteed to admit this service account')
    const context = { policy: undefined, commands: [], style: errorStyleOf(options, terminal) }
    terminal.stderr(trustFormats.text(reports, context))
    return 1
  }
  terminal.stdout(jsonOf(corrected))

  return 0
}
