import type { TrustPolicyDocument } from '../facts/facts.js'
import { evaluatePodIdentityTrust } from '../library/evaluate-pod-identity-trust.js'
import type { TrustVerdict } from '../library/trust-verdict.js'
import type { ClusterArn } from '../model/cluster-arn.js'
import { parsePolicyDocument } from '../trust-policy/document.js'
import { type Blocked, cannotMove, unknownWhether } from './migration-plan.js'
import type { ReadRole } from './role.js'

/** A service account that will use a role through EKS Pod Identity. */
export interface RoleUser {
  readonly namespace: string
  readonly name: string
  /** False if its association disables session tags. */
  readonly sessionTags: boolean
}

/** What a role's trust policy means for one of its users. */
export type Trusted =
  | {
      readonly state: 'trusted'
      /** The corrected policy; undefined if the current one already trusts the user. */
      readonly document: object | undefined
      /** The current policy. */
      readonly before: unknown
      /** Remarks on the policy, for example that it trusts too many others. */
      readonly remarks: readonly string[]
    }
  | Blocked

/**
 * Corrects a role's trust policy for all of its users together, so that they all get the same document, and
 * no update undoes another. `users` can be keyed by any type.
 */
export function trustFor<K>(
  role: ReadRole,
  users: ReadonlyMap<K, RoleUser>,
  cluster: ClusterArn,
  at: Date
): ReadonlyMap<K, Trusted> {
  const judge = (policy: TrustPolicyDocument, { namespace, name, sessionTags }: RoleUser): TrustVerdict =>
    evaluatePodIdentityTrust({
      ...policy,
      clusterArn: cluster.text,
      namespace,
      serviceAccount: name,
      sessionTags,
      roleArn: role.arn.text,
      at
    })
  const present = parsePolicyDocument(role.trustPolicy.document, role.trustPolicy.encoding)
  let edited: object | undefined
  let policy = role.trustPolicy
  for (const user of users.values()) {
    const { suggested } = judge(policy, user)
    if (suggested === undefined) continue
    edited = suggested
    policy = { document: suggested, encoding: 'json' }
  }

  const trustedBy = (user: RoleUser): Trusted => {
    const before = judge(role.trustPolicy, user)
    const after = judge(policy, user)
    if (after.verdict !== 'allowed') return blockedBy(after)

    return {
      state: 'trusted',
      document: before.verdict === 'allowed' ? undefined : edited,
      before: 'value' in present ? present.value : undefined,
      remarks: after.findings.map(({ message, fix }) => `${message}; ${fix}`)
    }
  }

  return new Map([...users].map(([key, user]) => [key, trustedBy(user)]))
}

function blockedBy({ verdict, findings }: TrustVerdict): Blocked {
  if (verdict === 'depends') return unknownWhether(...findings.map(({ message }) => message))
  const errors = findings.filter(({ severity }) => severity === 'error')

  // No correction could be suggested, for example because the policy would become longer than IAM allows.
  return cannotMove(
    ...errors.map(({ rule, message, fix }) => ({
      rule,
      message,
      fix: ownFixes.has(rule) ? fix : 'give the service account a role of its own, or edit the policy by hand'
    }))
  )
}

const ownFixes: ReadonlySet<string> = new Set(['trust-explicit-deny', 'trust-policy-invalid'])
