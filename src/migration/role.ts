import type { RoleLookup, TrustPolicyDocument } from '../facts/facts.js'
import { gatherFacts } from '../facts/gather.js'
import { identityWebhookOf } from '../facts/identity-webhook.js'
import { roleRequestOf } from '../identity-webhook/role-request.js'
import type { Association } from '../model/association.js'
import type { ClusterArn } from '../model/cluster-arn.js'
import type { Fact } from '../model/fact.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { namespacedName, type ServiceAccountSubject } from '../model/subject.js'
import { podIdentityTrustRules } from '../rules/index.js'
import { roleArnMalformed } from '../rules/role-arn-malformed.js'
import { roleMissing } from '../rules/role-missing.js'
import { roleNotPermittedInNamespace } from '../rules/role-not-permitted-in-namespace.js'
import { rolePathMismatch } from '../rules/role-path-mismatch.js'
import { quote } from '../text/escape.js'
import { evaluate } from '../verdict/evaluate.js'
import { buildPlanner, type Planner } from '../verdict/plan.js'
import { type Blocked, cannotMove, type Reason, unknownWhether } from './migration-plan.js'
import { type Judging, onlyAssociation } from './obstacles.js'

/** A role whose trust policy was read. */
export interface ReadRole {
  readonly arn: RoleArn
  readonly trustPolicy: TrustPolicyDocument
}

const planForRequest = buildPlanner([roleArnMalformed])
const planForRole = buildPlanner([roleNotPermittedInNamespace, roleMissing, rolePathMismatch])
const planForTrust = buildPlanner(podIdentityTrustRules)

/** The role that a service account's annotation names, or why an association cannot name it. */
export async function requestedRole(
  account: ServiceAccountSubject,
  judging: Judging
): Promise<RoleArn | Blocked> {
  const settings = identityWebhookOf(judging.sources)
  const request = roleRequestOf(account, settings)
  if (request?.isComposed === true)
    return unknownWhether(
      `the annotation is ${quote(request.role)}, from which the identity webhook builds an ARN; write the role's whole ARN`
    )
  const role = request && parseRoleArn(request.role)
  if (role !== undefined) return role
  const { reasons } = await judge(planForRequest, account, judging)

  return cannotMove(...reasons)
}

/** The trust policy of a role, or why it is unknown or why the role cannot be used. */
export async function readRole(
  account: ServiceAccountSubject,
  arn: RoleArn,
  cluster: ClusterArn,
  judging: Judging
): Promise<ReadRole | Blocked> {
  // The role of an association has to be in the account of its cluster:
  // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html
  if (arn.partition !== cluster.partition || arn.account !== cluster.account)
    return inOtherAccount(arn, cluster)

  const sources = { ...judging.sources, associations: undefined }
  const { reasons, role } = await judge(planForRole, account, { ...judging, sources })
  if (reasons.length > 0) return cannotMove(...reasons)
  if (role?.state !== 'known') return unknownWhether(role?.because ?? `role ${arn.text} is unknown`)
  if (!role.value.exists || role.value.trustPolicy === undefined)
    return unknownWhether(`the trust policy of role ${arn.text} is unknown`)

  return { arn, trustPolicy: role.value.trustPolicy }
}

function inOtherAccount(arn: RoleArn, cluster: ClusterArn): Blocked {
  const place =
    arn.partition === cluster.partition ? `AWS account ${arn.account}` : `partition ${arn.partition}`

  return cannotMove({
    message: `role ${arn.text} is in ${place}, but the role of an association has to be in the cluster's account, ${cluster.account} (${cluster.partition})`,
    fix:
      arn.partition === cluster.partition
        ? `create a role in account ${cluster.account} for the association, and make this role its target role: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html`
        : `use a role in account ${cluster.account}`
  })
}

/**
 * Why an existing association with a target role does not give pods the target role; undefined if it does.
 */
export async function chainedRoleProblem(
  account: ServiceAccountSubject,
  association: Association,
  judging: Judging
): Promise<Blocked | undefined> {
  const sources = { ...judging.sources, associations: onlyAssociation(association) }
  const { reasons, unchecked } = await judge(planForTrust, account, { ...judging, sources }, 'error')
  if (reasons.length > 0) return cannotMove(...reasons)

  return unchecked.length > 0 ? unknownWhether(...unchecked) : undefined
}

/** Why a service account cannot move if its association names another role. */
export const otherRole = (
  { namespace, name }: ServiceAccountSubject,
  role: string,
  associated: string
): Blocked =>
  cannotMove({
    message: `service account ${namespacedName(namespace, name)} has an association with another role, ${associated}, so its new pods do not get role ${role}`,
    fix: `if the association is right, remove the annotation; otherwise change the role of the association to ${role}`
  })

interface Judged {
  readonly reasons: readonly Reason[]
  readonly unchecked: readonly string[]
  readonly role: Fact<RoleLookup> | undefined
}

async function judge(
  planner: Planner,
  account: ServiceAccountSubject,
  { sources, at, deadline }: Judging,
  severity?: 'error'
): Promise<Judged> {
  const plan = planner(account, identityWebhookOf(sources))
  const facts = await gatherFacts(account, plan.needs, sources, { deadline, at })
  const { findings, unchecked } = evaluate(plan, account, facts, { at })

  return {
    reasons: findings
      .filter((finding) => severity === undefined || finding.severity === severity)
      .map(({ rule, message, fix }) => ({ rule, message, fix })),
    unchecked: unchecked.map(({ because }) => because),
    role: facts.role
  }
}
