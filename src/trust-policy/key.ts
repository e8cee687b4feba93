import type { Condition } from './policy.js'
import { urlDifference, withoutSlashes } from './provider.js'

/** What is wrong with a condition key for tokens of the cluster's issuer, and the key that was probably intended. */
export interface KeyDifference {
  readonly expected: string
  readonly difference: string
  /** Whether the key is well-formed, but belongs to another issuer. */
  readonly isOtherIssuer: boolean
}

const claims = new Set(['sub', 'aud', 'oaud', 'amr', 'email'])

/** Whether IAM has a key for this claim (in lower case) of an OIDC token. */
export const isClaim = (claim: string): boolean => claims.has(claim)

/** The values of a condition, and the audience of the token that it is evaluated for. */
interface Claimed {
  readonly values: readonly string[]
  readonly audience: string
}

/**
 * Explains how a condition key that looks like the key of an OIDC provider differs from the intended key for
 * this cluster, `<issuer>:<claim>`. Undefined for other keys. The values show which claim was meant: subjects
 * begin with `system:serviceaccount:`. `issuer` has no `https://`. Keys:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
 */
function keyDifference(key: string, issuer: string, claimed: Claimed): KeyDifference | undefined {
  const difference = (difference: string, claim: string, isOtherIssuer = false): KeyDifference => ({
    expected: `${issuer}:${claim}`,
    difference,
    isOtherIssuer
  })
  const colon = key.lastIndexOf(':')
  const [found, written] = [key.slice(0, Math.max(colon, 0)), key.slice(colon + 1)]
  const claim = written.toLowerCase().trim()
  const meant = claimMeant(claimed)
  if (claims.has(key.toLowerCase())) return difference('it does not name the issuer', key.toLowerCase())
  if (/^(?:aws|sts|iam)$/i.test(found)) return undefined

  const ours = issuer.toLowerCase()
  const whole = bareIssuer(key).toLowerCase()
  if (withoutSlashes(whole.replace(/:$/, '')) === withoutSlashes(ours))
    return difference('the claim is missing', meant ?? 'sub')
  if (!/[./]/.test(found)) {
    const [, separator = '', behind = ''] = whole.startsWith(ours)
      ? (/^([./_-])(\w+)$/.exec(whole.slice(ours.length)) ?? [])
      : []

    return claims.has(behind)
      ? difference(`it has ${JSON.stringify(separator)} instead of a colon before the claim`, behind)
      : undefined
  }

  const bare = bareIssuer(found)
  const isOurs = bare.toLowerCase() === withoutSlashes(ours)
  if (!claims.has(claim)) {
    return isOurs
      ? difference(`IAM has no key for the claim ${JSON.stringify(written)}`, meant ?? 'sub')
      : undefined
  }
  if (!isOurs)
    return difference(urlDifference(bare, issuer), claim, /^[^/:]+(?:\/.+)?$/.test(bare) && bare === found)
  if ((claim === 'sub' || claim === 'aud') && meant !== undefined && meant !== claim) {
    return difference(
      meant === 'sub'
        ? 'its value is the subject of a token, not an audience'
        : 'its value is the audience of a token, not a subject',
      meant
    )
  }
  if (key.trim() !== key) return difference('it has leading or trailing spaces', claim)
  if (/^arn:/i.test(found))
    return difference("it starts with the provider's ARN instead of the issuer", claim)
  if (/^https?:\/\//i.test(found)) return difference('it has a scheme', claim)
  if (/:443/.test(found)) return difference('it has a port', claim)
  if (found === issuer || found.toLowerCase() === ours) return undefined

  return difference(
    found.endsWith('/') ? 'it has a slash before the colon' : 'the slash before the colon is missing',
    claim
  )
}

/** `keyDifference` for a condition. The values of a negated condition do not show which claim was meant. */
export const conditionKeyDifference = (
  { key, values, operator }: Pick<Condition, 'key' | 'values' | 'operator'>,
  issuer: string,
  audience: string
): KeyDifference | undefined =>
  keyDifference(key, issuer, { values: operator.negated ? [] : values, audience })

/**
 * The keys that the conditions of one statement should have, in the order of the conditions. If a subject is under
 * `:aud` but the statement already has a condition on `:sub`, no second one is created: the value is wrong, not
 * the key.
 */
export function meantKeys(
  conditions: readonly Pick<Condition, 'key' | 'values' | 'operator'>[],
  issuer: string,
  audience: string,
  isForUsOnly: boolean
): string[] {
  const meant = conditions.map((condition) => {
    const difference = conditionKeyDifference(condition, issuer, audience)

    return difference === undefined || (difference.isOtherIssuer && !isForUsOnly)
      ? condition.key
      : difference.expected
  })
  const isSwapped = (index: number): boolean => {
    const written = conditions[index]?.key.toLowerCase() ?? ''
    return (
      written !== meant[index]?.toLowerCase() && /:(?:sub|aud)$/.test(written) && isKeyOf(written, issuer)
    )
  }

  return meant.map((key, index) => {
    const isTaken = meant.some((other, at) => at !== index && other.toLowerCase() === key.toLowerCase())

    return isTaken && isSwapped(index) ? (conditions[index]?.key ?? key) : key
  })
}

const isKeyOf = (lowerKey: string, issuer: string): boolean => lowerKey.startsWith(`${issuer.toLowerCase()}:`)

/** A key or issuer without what is often added by hand: spaces, the provider's ARN, scheme, port, slashes. */
const bareIssuer = (text: string): string =>
  withoutSlashes(
    text
      .trim()
      .replace(/^arn:[^/]*:oidc-provider\//i, '')
      .replace(/^https?:\/\//i, '')
      .replace(/:443(?=\/|$)/, '')
  )

/** The claim for which the values were meant; undefined if they do not show it. */
function claimMeant({ values, audience }: Claimed): 'sub' | 'aud' | undefined {
  if (values.length === 0) return undefined
  if (values.every((value) => /^system:serviceaccount:/i.test(value.trim()))) return 'sub'

  return values.every((value) => value.trim() === audience || /^sts\.amazonaws\.com/i.test(value.trim()))
    ? 'aud'
    : undefined
}
