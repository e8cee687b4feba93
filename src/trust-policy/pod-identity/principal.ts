import { closestTo } from '../../text/closest.js'
import type { Principal, Statement } from '../policy.js'
import { type Caller, podsService } from './caller.js'

/** The principal in the Allow statements that is closest to the caller, and how it differs. */
export interface PrincipalDifference {
  readonly statement: number | undefined
  readonly found: string | undefined
  readonly difference: string | undefined
  /** Whether the principal can only be a misspelling of the caller. */
  readonly isSpelling: boolean
}

/** Describes how the principals of Allow statements differ from the caller. */
export function principalDifference(allows: readonly Statement[], caller: Caller): PrincipalDifference {
  let nearest: { rank: number; difference: PrincipalDifference } | undefined
  for (const { index, principals } of allows) {
    for (const principal of principals) {
      const [rank, difference, isSpelling = false] =
        caller.firstRole === undefined
          ? serviceDifference(principal)
          : roleDifference(principal, caller.firstRole)
      if (nearest === undefined || rank < nearest.rank)
        nearest = {
          rank,
          difference: { statement: index, found: principal.value, difference, isSpelling }
        }
    }
  }

  return (
    nearest?.difference ?? {
      statement: undefined,
      found: undefined,
      difference: undefined,
      isSpelling: false
    }
  )
}

type Ranked = readonly [rank: number, difference: string | undefined, isSpelling?: boolean]

/**
 * Whether a principal can only mean the EKS Pod Identity service, although the service's name is misspelled
 * or listed under the wrong type.
 */
export const isServiceMeant = ({ type, value }: Principal): boolean =>
  type === 'Service'
    ? value !== podsService && closestTo(value.trim().toLowerCase(), [podsService]) !== undefined
    : value.trim().toLowerCase() === podsService

function serviceDifference(principal: Principal): Ranked {
  const { type, value } = principal
  if (isServiceMeant(principal))
    return type === 'Service'
      ? [0, 'it is misspelled', true]
      : [0, `it is listed under ${type}; expected Service`, true]
  if (type === 'Service' && /^eks(?:-[\w-]+)?\.amazonaws\.com$/.test(value))
    return [1, 'it is another service of EKS']
  if (type === 'Service') return [2, 'it is another AWS service']
  if (type === 'Federated' && value.includes(':oidc-provider/'))
    return [3, 'it is an OIDC provider, which IRSA uses']

  return [4, undefined]
}

function roleDifference(
  { type, value }: Principal,
  { arn, account }: { arn: string; account: string }
): Ranked {
  if (type === 'Service')
    return value === podsService
      ? [1, 'the target role is assumed by the first role, not by the service']
      : [5, undefined]
  if (type !== 'AWS') return [5, undefined]
  if (value.trim() === arn) return [0, 'it has leading or trailing spaces']
  if (value.toLowerCase() === arn.toLowerCase()) return [0, 'the capitalization differs']
  // IAM shows the ID of a role that was deleted; a new role of that name has another ID:
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
  if (/^A(?:ROA|IDA)[A-Z0-9]+$/.test(value)) return [1, 'it is the ID of a role or user that was deleted']
  if (nameOf(value) === nameOf(arn))
    return [1, value.includes(`:${account}:`) ? 'the path differs' : 'the AWS account differs']
  if (value.includes(`:${account}:`)) return [2, 'it is another principal of that account']

  return [3, 'it is a principal of another account']
}

const nameOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1)
