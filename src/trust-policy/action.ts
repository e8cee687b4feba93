import { matchesPattern, parsePattern } from '../text/glob.js'

/** The API call that a trust policy allows or denies. */
export const webIdentityAction = 'sts:AssumeRoleWithWebIdentity'

const lowerAction = webIdentityAction.toLowerCase()

/**
 * Whether any of these actions covers AssumeRoleWithWebIdentity. Actions are case-insensitive, and `*` and
 * `?` are wildcards.
 */
export const includesWebIdentity = (actions: readonly string[]): boolean =>
  actions.some((action) => {
    const lower = action.toLowerCase()
    return lower === lowerAction || (/[*?]/.test(lower) && matchesPattern(parsePattern(lower), lowerAction))
  })
