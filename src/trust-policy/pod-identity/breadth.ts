import { hasWildcard } from '../../text/glob.js'
import type { KeyState, RequestContext } from '../context.js'
import { evaluatePolicy, evaluateStatement } from '../evaluate.js'
import type { Condition, Policy } from '../policy.js'
import { hasVariable } from '../variables.js'
import { callOf } from './call.js'
import { type Caller, principalTag, requestTag } from './caller.js'
import { contextOf } from './context.js'

/** Why others can use the role as well, and the statement that admits them. */
export interface PodIdentityBreadth {
  /**
   * `no-limit`: any association in the cluster's account can use the role. `optional-limit`: any association
   * that disables session tags can. `any-role`: any role of the first role's account can.
   */
  readonly kind: 'no-limit' | 'optional-limit' | 'any-role'
  readonly statement: number
}

// A name that no real object has.
const stranger = 'irsa-guard-stranger'

/**
 * Evaluates the policy for made-up associations of another cluster and namespace to find out who else can use the
 * role; for a target role, it uses another first role instead. Any association may disable its session tags, and
 * AWS does not document whether EKS then needs sts:TagSession. The service account and the pods of a made-up
 * association can have any name.
 */
export function breadthOf(policy: Policy, caller: Caller): PodIdentityBreadth | undefined {
  if (caller.firstRole !== undefined) {
    const statement = admits(policy, otherRole(caller), ['sts:AssumeRole'])

    return statement === undefined ? undefined : { kind: 'any-role', statement }
  }
  if (policy.statements.every(({ effect, conditions }) => effect === 'Deny' || conditions.some(isLimit)))
    return undefined // true of nearly all policies that have a limit

  for (const region of regionsOf(policy, caller)) {
    const other = otherAssociation(caller, region)
    const tagged = admits(policy, other, ['sts:AssumeRole', 'sts:TagSession'])
    if (tagged !== undefined) return { kind: 'no-limit', statement: tagged }
    const untagged = admits(policy, { ...other, sessionTags: false }, ['sts:AssumeRole'])
    if (untagged !== undefined)
      return { kind: namesTags(policy) ? 'optional-limit' : 'no-limit', statement: untagged }
  }

  return undefined
}

/**
 * Whether a condition limits the cluster or the namespace to literal values, so that no other cluster or
 * namespace meets it.
 */
const isLimit = ({ operator, lowerKey, values }: Condition): boolean =>
  limiting.has(lowerKey) &&
  (operator.family === 'string' || operator.family === 'arn') &&
  operator.asDocumented &&
  !operator.negated &&
  !operator.ifExists &&
  operator.quantifier === undefined &&
  values.length > 0 &&
  !values.some((value) => hasVariable(value) || (operator.relation === 'like' && hasWildcard(value)))

const limiting: ReadonlySet<string> = new Set([
  'aws:sourcearn',
  `${requestTag}eks-cluster-arn`,
  `${requestTag}eks-cluster-name`,
  `${requestTag}kubernetes-namespace`
])

/** Whether a policy has a condition on a session tag. */
const namesTags = ({ statements }: Policy): boolean =>
  statements.some(({ conditions }) => conditions.some(({ lowerKey }) => lowerKey.startsWith(requestTag)))

/** The statement that admits the caller or may admit it; undefined if an action is denied. */
function admits(
  policy: Policy,
  caller: Caller,
  actions: readonly ('sts:AssumeRole' | 'sts:TagSession')[]
): number | undefined {
  const calls = actions.map((action) =>
    callOf(caller, action, new OpenContext(contextOf(caller, action), caller))
  )
  if (calls.some((call) => evaluatePolicy(policy, call).verdict === 'denied')) return undefined
  const [call] = calls

  return policy.statements.find(
    (statement) =>
      call !== undefined &&
      statement.effect === 'Allow' &&
      evaluateStatement(statement, policy.variables, call).truth !== false
  )?.index
}

const otherAssociation = (caller: Caller, region: string): Caller => ({
  ...caller,
  cluster: {
    ...caller.cluster,
    region,
    name: stranger,
    text: `arn:${caller.cluster.partition}:eks:${region}:${caller.cluster.account}:cluster/${stranger}`
  },
  namespace: stranger,
  serviceAccount: stranger,
  sessionTags: true
})

/** Another role in the first role's account; such a role can pass any tags and any external ID. */
const otherRole = (caller: Caller): Caller => ({
  ...caller,
  firstRole: caller.firstRole && {
    ...caller.firstRole,
    arn: `${caller.firstRole.arn.slice(0, caller.firstRole.arn.indexOf(':role/'))}:role/${stranger}`
  }
})

/** The region of the cluster, and the regions that the policy names in the ARNs of clusters. */
function regionsOf({ statements }: Policy, { cluster }: Caller): Set<string> {
  const regions = new Set([cluster.region])
  for (const { conditions } of statements)
    for (const { values } of conditions)
      for (const value of values) {
        const region = /^arn:[^:]*:eks:([a-z0-9-]{1,32}):/.exec(value)?.[1]
        if (region !== undefined && regions.size < mostRegions) regions.add(region)
      }

  return regions
}

const mostRegions = 8

/** The same keys as in another context, but each key whose value the caller can choose may have any value. */
class OpenContext implements RequestContext {
  readonly #context: RequestContext
  readonly #caller: Caller

  constructor(context: RequestContext, caller: Caller) {
    this.#context = context
    this.#caller = caller
  }

  stateOf(key: string): KeyState {
    const state = this.#context.stateOf(key)
    if (this.#caller.firstRole !== undefined)
      return key.startsWith(requestTag) || key.startsWith(principalTag) || chosen.has(key) ? runtime : state

    return key === `${requestTag}kubernetes-service-account` && state.is === 'known' ? always : state
  }
}

const runtime: KeyState = { is: 'runtime', always: false }
const always: KeyState = { is: 'runtime', always: true }
const chosen: ReadonlySet<string> = new Set(['sts:externalid', 'aws:tagkeys', 'sts:transitivetagkeys'])
