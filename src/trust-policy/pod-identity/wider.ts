import { evaluatePolicy } from '../evaluate.js'
import type { Policy } from '../policy.js'
import { callOf } from './call.js'
import type { Caller } from './caller.js'

const neighbour = 'irsa-guard-neighbour'
const otherAccount = '000000000000'

/**
 * Whether a corrected policy admits made-up callers that the policy did not admit before: associations of another
 * cluster, namespace or service account, and, for a target role, other first roles.
 */
export function isWider(before: Policy, after: Policy, caller: Caller): boolean {
  return neighboursOf(caller).some((one) => ranks[verdictOf(after, one)] > ranks[verdictOf(before, one)])
}

type Verdict = 'denied' | 'depends' | 'allowed'
const ranks: Readonly<Record<Verdict, number>> = { denied: 0, depends: 1, allowed: 2 }

/** The verdict of a policy on a caller. Allowing only sts:TagSession does not give the caller the role. */
function verdictOf(policy: Policy, caller: Caller): Verdict {
  const assume = evaluatePolicy(policy, callOf(caller, 'sts:AssumeRole')).verdict
  const tag = caller.sessionTags ? evaluatePolicy(policy, callOf(caller, 'sts:TagSession')).verdict : assume

  return ranks[tag] < ranks[assume] ? tag : assume
}

function neighboursOf(caller: Caller): Caller[] {
  const { cluster, firstRole } = caller
  const clusterOf = (name: string, account = cluster.account): Caller['cluster'] => ({
    ...cluster,
    name,
    account,
    text: `arn:${cluster.partition}:eks:${cluster.region}:${account}:cluster/${name}`
  })
  const associations: Caller[] = [
    { ...caller, serviceAccount: neighbour },
    { ...caller, namespace: neighbour },
    { ...caller, cluster: clusterOf(neighbour) },
    { ...caller, cluster: clusterOf(cluster.name, otherAccount) },
    { ...caller, cluster: clusterOf(neighbour), namespace: neighbour, serviceAccount: neighbour }
  ].map((one) => ({
    ...one,
    firstRole: one.firstRole && { ...one.firstRole, externalId: neighbour } // an external ID belongs to one association
  }))
  const roles: Caller[] =
    firstRole === undefined
      ? []
      : [
          { ...caller, firstRole: { ...firstRole, arn: `${firstRole.arn}x` } },
          {
            ...caller,
            firstRole: {
              ...firstRole,
              account: otherAccount,
              arn: firstRole.arn.replace(firstRole.account, otherAccount)
            }
          }
        ]

  return [...associations, ...roles].flatMap((one) => [
    { ...one, sessionTags: true },
    { ...one, sessionTags: false }
  ])
}
