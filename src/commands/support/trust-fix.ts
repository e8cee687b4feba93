import type { TrustPolicyDocument } from '../../facts/facts.js'
import type { RoleArn } from '../../model/role-arn.js'
import { shellQuote } from '../../text/shell.js'
import { parsePolicyDocument } from '../../trust-policy/document.js'
import type { PodIdentityOptions, TrustChain } from './trust-chains.js'

/**
 * A policy that admits the service account through every chain. The corrections for the chains are applied in
 * turn. Undefined if there is no such policy.
 */
export function correctedFor(chains: readonly TrustChain[], given: TrustPolicyDocument): unknown {
  let policy = given
  for (const { judge } of chains) {
    const { verdict, suggested } = judge(policy)
    if (verdict === 'allowed') continue
    if (suggested === undefined) return undefined
    policy = { document: suggested, encoding: 'json' }
  }
  if (!chains.every(({ judge }) => judge(policy).verdict === 'allowed')) return undefined // one correction must not undo another
  const read = parsePolicyDocument(policy.document, policy.encoding)

  return 'value' in read ? read.value : undefined
}

/** The options that a second run needs to get the same result. */
interface AskedAgain extends PodIdentityOptions {
  readonly role?: string
  readonly policy?: string
  readonly iam: readonly string[]
  readonly aws?: boolean
  readonly config?: string
  readonly issuer?: string
  readonly audience?: string
}

/** The commands that write the corrected policy to a file and store it in IAM. */
export function applyCommands(
  options: AskedAgain,
  { namespace, serviceAccount }: { readonly namespace: string; readonly serviceAccount: string },
  role: RoleArn | undefined
): string[] {
  const { policy, iam, aws, config, issuer, clusterArn, audience, sessionTags, firstRole, externalId } =
    options
  const flag = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [name, shellQuote(value)]
  const words = [
    ...['irsa-guard', 'trust', `${namespace}/${serviceAccount}`],
    ...flag('--role', options.role),
    ...flag('--policy', policy),
    ...iam.flatMap((file) => flag('--iam', file)),
    ...(aws === true ? ['--aws'] : []),
    ...flag('--config', config),
    ...flag('--issuer', issuer),
    ...flag('--cluster-arn', clusterArn),
    ...flag('--audience', audience),
    ...(sessionTags === false ? ['--no-session-tags'] : []),
    ...flag('--first-role', firstRole),
    ...flag('--external-id', externalId),
    '--fix',
    ...(policy === '-' ? ['< POLICY'] : []),
    '> t.json'
  ]

  return [
    words.join(' '),
    `aws iam update-assume-role-policy --role-name ${role === undefined ? 'ROLE' : shellQuote(role.name)} --policy-document file://t.json`
  ]
}
