import { Command } from 'commander'
import type { IamSource, TrustPolicyDocument } from '../facts/facts.js'
import { defaultIdentityWebhook, type IdentityWebhookSettings } from '../identity-webhook/settings.js'
import { judgeTrustFor } from '../library/evaluate-trust.js'
import { GuardError } from '../model/guard-error.js'
import { notInTokens } from '../model/issuer.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { exitCodeOf, type FailOn } from '../output/exit-code.js'
import { type Format, jsonOf } from '../output/formats.js'
import { type TrustReport, trustTextsOf } from '../output/trust-text.js'
import { parsePolicyDocument } from '../trust-policy/document.js'
import type { TrustQuestion } from '../trust-policy/judge.js'
import { accountGiven } from './support/given-names.js'
import { buildLiveAws } from './support/live-aws.js'
import {
  awsOption,
  clusterArnOption,
  configOption,
  failOnOption,
  iamOption,
  issuerOption,
  outputOption
} from './support/options.js'
import { type GivenPolicy, policyIn } from './support/policy-text.js'
import { loadInput } from './support/read-input.js'
import { loadOwnConfigFile, loadSources } from './support/sources.js'
import { complaintOf, type Terminal } from './support/terminal.js'
import {
  chainsAsked,
  podIdentityChain,
  type PodIdentityOptions,
  readAssociationOf,
  type TrustChain
} from './support/trust-chains.js'

export interface TrustOptions extends PodIdentityOptions {
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
      "check whether a role's trust policy admits a service account, by IRSA or EKS Pod Identity; --fix prints a corrected policy (exit codes: 0 ok, 1 findings, 2 unreadable policy)"
    )
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
    .requiredOption('--service-account <name>', 'name of the service account, or NAMESPACE/NAME')
    .option('--audience <name>', 'audience of the service account\'s tokens (default: "sts.amazonaws.com")')
    .option('--no-session-tags', 'the EKS Pod Identity association disables session tags')
    .option('--first-role <arn>', "the policy is that of a target role; this is the association's own role")
    .option('--external-id <id>', 'external ID of the association, for a target role (default: derived)')
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
  aws iam get-role --role-name cart | irsa-guard trust --policy - --iam iam.json -n shop --service-account cart
  irsa-guard trust --role arn:aws:iam::111122223333:role/team/cart --aws --cluster-arn arn:aws:eks:us-east-1:111122223333:cluster/prod --service-account shop/cart
  irsa-guard trust --policy trust.json --issuer https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE --cluster-arn arn:aws:eks:us-east-1:111122223333:cluster/prod --service-account shop/cart --fix

--issuer asks about IRSA, --cluster-arn about EKS Pod Identity, and both about both. Without them, trust judges
EKS Pod Identity if the service account has an association with this role, otherwise IRSA.`
    )
    .action(async (options: TrustOptions) => {
      process.exitCode = await trust(options, terminal)
    })

/** A verdict, the chain that it is about, and how the text names both. */
type ChainReport = TrustReport & Pick<TrustChain, 'chain'>

const trustFormats = {
  text: trustTextsOf,
  json: (reports) => jsonOf(trustJsonOf(reports))
} satisfies Record<Format, (reports: readonly ChainReport[], policy: unknown) => string>

/**
 * The verdict on IRSA, with the verdict on EKS Pod Identity as `podIdentity` if both were judged. A verdict
 * on EKS Pod Identity alone has the same keys, and `chain`.
 */
function trustJsonOf(reports: readonly ChainReport[]): object {
  const isPodIdentityAlone = reports.length === 1 && reports[0]?.chain === 'pod-identity'
  const [first, second] = reports.map((report) => ({
    ...report,
    heading: undefined,
    subject: undefined,
    chain: isPodIdentityAlone ? report.chain : undefined
  }))

  return { ...first, ...(second && { podIdentity: second }) }
}

/**
 * Judges one trust policy for one service account, for IRSA, EKS Pod Identity or both. Returns the exit code;
 * with `fix`, 0 if a policy was printed and 1 if there is none. Throws ERR_USAGE and ERR_INPUT.
 */
export async function trust(options: TrustOptions, terminal: Terminal): Promise<0 | 1> {
  const account = accountGiven(options)
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
    chains.push(irsaChain({ ...account, roleAccount, partition, issuer, audience }, identityWebhook))
  }
  if (asked.podIdentity && cluster !== undefined) {
    chains.push(podIdentityChain(options, cluster, subject))
    if (association.state === 'unknown' && options.aws && options.sessionTags !== false)
      terminal.stderr(
        complaintOf(
          `--aws: the association of the service account could not be read (${association.because}); its session tags are assumed to be enabled (pass --no-session-tags if they are not)`
        )
      )
  }
  const reports = chains.map(({ judge, ...named }): ChainReport => ({ ...named, ...judge(trustPolicy) }))
  if (options.fix) return printFix(correctedFor(chains, trustPolicy), reports, terminal)

  terminal.stdout(trustFormats[options.output](reports, policy))

  return exitCodeOf(
    reports.flatMap(({ findings }) => findings),
    options.failOn
  )
}

const irsaChain = (
  question: Omit<TrustQuestion, 'document' | 'encoding' | 'at'>,
  identityWebhook: IdentityWebhookSettings
): TrustChain => ({
  chain: 'irsa',
  heading: `IRSA, issuer ${question.issuer}`,
  subject: `system:serviceaccount:${question.namespace}:${question.serviceAccount}`,
  judge: (policy) => judgeTrustFor({ ...question, ...policy, at: new Date() }, identityWebhook)
})

/**
 * A policy that admits the service account by every chain, with each chain's correction made in turn.
 * Undefined if there is none.
 */
function correctedFor(chains: readonly TrustChain[], given: TrustPolicyDocument): unknown {
  let policy = given
  for (const { judge } of chains) {
    const { verdict, suggested } = judge(policy)
    if (verdict === 'allowed') continue
    if (suggested === undefined) return undefined
    policy = { document: suggested, encoding: 'json' }
  }
  if (!chains.every(({ judge }) => judge(policy).verdict === 'allowed')) return undefined // a correction must not undo another
  const read = parsePolicyDocument(policy.document, policy.encoding)

  return 'value' in read ? read.value : undefined
}

/**
 * Prints a policy that admits the service account. If there is none, prints the reason on stderr, so that a
 * pipe never gets anything but a policy.
 */
function printFix(corrected: unknown, reports: readonly TrustReport[], terminal: Terminal): 0 | 1 {
  if (corrected === undefined) {
    terminal.stderr(
      complaintOf('no policy printed: no small edit is guaranteed to admit this service account')
    )
    terminal.stderr(trustTextsOf(reports, undefined))
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
