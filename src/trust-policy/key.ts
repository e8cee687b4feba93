import { urlDifference, withoutSlashes } from './provider.js'

/** A condition key that no token of our issuer sets, and the key that was probably intended. */
export interface KeyDifference {
  readonly expected: string
  readonly difference: string
  /** A well-formed key, but of another issuer. */
  readonly isOtherIssuer: boolean
}

const claims = new Set(['sub', 'aud', 'oaud', 'amr', 'email'])

/** Whether IAM has a key for this claim of an OIDC token, in lower case. */
export const isClaim = (claim: string): boolean => claims.has(claim)

/**
 * Explains why a key that looks like an OIDC provider's is not `<issuer>:<claim>` of this cluster; undefined
 * for other keys. `issuer` has no `https://`. Keys:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
 */
export function keyDifference(key: string, issuer: string): KeyDifference | undefined {
  const colon = key.lastIndexOf(':')
  const [found, claim] = [key.slice(0, Math.max(colon, 0)), key.slice(colon + 1)]
  const expected = `${issuer}:${claims.has(claim.toLowerCase().trim()) ? claim.toLowerCase().trim() : 'sub'}`
  const difference = (difference: string, isOtherIssuer = false): KeyDifference => ({
    expected,
    difference,
    isOtherIssuer
  })

  const bare = withoutSlashes(
    found
      .trim()
      .replace(/^arn:[^/]*:oidc-provider\//i, '')
      .replace(/^https?:\/\//i, '')
      .replace(/:443(?=\/|$)/, '')
  )
  if (claims.has(key.toLowerCase())) return difference('it does not name the issuer')
  if (/^(?:aws|sts|iam)$/i.test(found) || !/[./]/.test(found)) return undefined

  const isOurs = bare.toLowerCase() === withoutSlashes(issuer.toLowerCase())
  if (!claims.has(claim.toLowerCase().trim())) {
    return isOurs ? difference(`IAM has no key for the claim ${JSON.stringify(claim)}`) : undefined
  }
  if (!isOurs)
    return difference(urlDifference(bare, issuer), /^[^/:]+(?:\/.+)?$/.test(bare) && bare === found)
  if (key.trim() !== key) return difference('it has leading or trailing spaces')
  if (/^arn:/i.test(found)) return difference("it starts with the provider's ARN instead of the issuer")
  if (/^https?:\/\//i.test(found)) return difference('it has a scheme')
  if (/:443/.test(found)) return difference('it has a port')

  return difference(
    found.endsWith('/') ? 'it has a slash before the colon' : 'the slash before the colon is missing'
  )
}
