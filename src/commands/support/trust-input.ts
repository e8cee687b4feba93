import type { IamSource, TrustPolicyDocument } from '../../facts/facts.js'
import { GuardError } from '../../model/guard-error.js'
import { parseRoleArn, type RoleArn } from '../../model/role-arn.js'
import { quote } from '../../text/escape.js'
import { accountGiven } from './given-names.js'
import { type GivenPolicy, policyIn } from './policy-text.js'
import { loadInput } from './read-input.js'
import type { Terminal } from './terminal.js'

/**
 * The service account that the argument or `--service-account` names, with the namespace from `-n`. Throws
 * ERR_USAGE.
 */
export function accountAsked(
  argument: string | undefined,
  { namespace, serviceAccount }: { readonly namespace?: string; readonly serviceAccount?: string }
): { namespace: string; serviceAccount: string } {
  if (argument === undefined) {
    if (serviceAccount !== undefined) return accountGiven({ namespace, serviceAccount })
    throw new GuardError('ERR_USAGE', 'no service account given; expected NAMESPACE/NAME')
  }
  if (serviceAccount !== undefined)
    throw new GuardError(
      'ERR_USAGE',
      `both ${quote(argument)} and --service-account are given; expected only one`
    )

  return accountGiven({ namespace, serviceAccount: argument }, 'the argument')
}

/** The role of `--role`. Throws ERR_USAGE. */
export function roleArnOf(text: string): RoleArn {
  const arn = parseRoleArn(text)
  if (arn === undefined)
    throw new GuardError(
      'ERR_USAGE',
      `--role is ${JSON.stringify(text)}; expected arn:aws:iam::<12-digit-account>:role/<path/><name>`
    )

  return arn
}

/** The trust policy of a role in IAM. Throws ERR_USAGE and ERR_INPUT. */
export async function loadPolicyOf(
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

/** The trust policy in a file. Throws ERR_USAGE and ERR_INPUT. */
export async function loadPolicy(
  file: string,
  role: RoleArn | undefined,
  terminal: Terminal
): Promise<GivenPolicy> {
  const text = await loadInput(file, terminal, 'a trust policy')

  return policyIn(text, file === '-' ? 'stdin' : file, role)
}

/** Without a role, the policy is assumed to belong to the account of the OIDC providers that it names. */
export function ownerOf(policy: unknown): { account: string; partition: string } {
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
      `the policy names OIDC providers in ${owners.size} accounts; pass the ARN of the policy's role with --role`
    )
  }
  return { account, partition }
}
