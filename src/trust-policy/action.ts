import { matchesPattern, parsePattern } from '../text/glob.js'

/** The call whose fate the trust policy decides. */
export const webIdentityAction = 'sts:AssumeRoleWithWebIdentity'

const lowerAction = webIdentityAction.toLowerCase()

/**
 * Whether one of some actions is AssumeRoleWithWebIdentity. Case does not matter, `*` and `?` are wildcards.
 */
export const includesWebIdentity = (actions: readonly string[]): boolean =>
  actions.some((action) => {
    const lower = action.toLowerCase()
    return lower === lowerAction || (/[*?]/.test(lower) && matchesPattern(parsePattern(lower), lowerAction))
  })
