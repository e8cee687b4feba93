import { includesAction } from '../action.js'
import type { Outcome } from '../condition.js'
import type { RequestContext } from '../context.js'
import type { Call } from '../evaluate.js'
import type { Principal, Statement } from '../policy.js'
import { type Action, type Caller, podsService } from './caller.js'
import { contextOf } from './context.js'

/** The call of one of the two actions that give a pod its role. */
export const callOf = (caller: Caller, action: Action, context = contextOf(caller, action)): Call =>
  new PodIdentityCall(caller, action, context)

class PodIdentityCall implements Call {
  readonly #caller: Caller
  readonly #action: Action
  readonly context: RequestContext

  constructor(caller: Caller, action: Action, context: RequestContext) {
    this.#caller = caller
    this.#action = action
    this.context = context
  }

  isAbout(statement: Statement): boolean {
    return allowsAction(statement, this.#action)
  }

  comesFrom(statement: Statement): Outcome {
    return evaluateCaller(statement, this.#caller)
  }
}

/** Whether a statement's actions (with NotAction, all other actions) include an action. */
export const allowsAction = ({ actions, isExcept }: Statement, action: Action): boolean =>
  includesAction(actions, action) !== isExcept

/** Whether a statement's principals cover the caller. */
export function evaluateCaller({ principals }: Statement, caller: Caller): Outcome {
  let answer = no
  for (const principal of principals) {
    const outcome =
      caller.firstRole === undefined
        ? isService(principal, caller)
        : isFirstRole(principal, caller.firstRole.arn, caller.firstRole.account)
    if (outcome.truth === true) return outcome
    if (outcome.truth === undefined) answer = outcome
  }
  return answer
}

const yes: Outcome = { truth: true }
const no: Outcome = { truth: false }
const undocumented = (what: string): Outcome => ({ truth: undefined, undocumented: [what] })

const everyone = undocumented('whether the principal {"AWS": "*"} covers AWS services')
const otherCase = undocumented(
  'whether the name of a service in different capitalization is the same principal'
)
// Some services have a second name in China. The guide for China uses the name of EKS Pod Identity without the
// suffix, but no source says that the name with the suffix does not work.
const chinese = undocumented(`whether ${podsService}.cn is a principal of EKS Pod Identity`)

function isService({ type, value }: Principal, { cluster }: Caller): Outcome {
  if (type === 'AWS' && value === '*') return everyone
  if (type !== 'Service') return no
  if (value === podsService) return yes
  if (value.toLowerCase() === podsService) return otherCase

  return value === `${podsService}.cn` && cluster.partition === 'aws-cn' ? chinese : no
}

// A principal names a role, or its account by ID or ARN, or one session:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
function isFirstRole({ type, value }: Principal, arn: string, account: string): Outcome {
  if (type !== 'AWS') return no
  if (value === '*' || value === arn || value === account) return yes
  if (value === `${arn.split(':', 1)[0] ?? ''}:${arn.split(':', 2)[1] ?? ''}:iam::${account}:root`) return yes

  return isSessionOf(value, arn, account) ? sessionName : no
}

const sessionName = undocumented('whether the session of the first role has that name')

/** Whether a principal is one session of a role. The ARN of a session has no path. */
function isSessionOf(principal: string, arn: string, account: string): boolean {
  const [, owner, role] = /^arn:[^:]*:sts::(\d{12}):assumed-role\/([^/]*)\/./.exec(principal) ?? []

  return owner === account && role === arn.slice(arn.lastIndexOf('/') + 1)
}
