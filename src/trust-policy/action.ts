import { matchesPattern, parsePattern } from '../text/glob.js'

/** The API call that a trust policy allows or denies. */
export const webIdentityAction = 'sts:AssumeRoleWithWebIdentity'

/**
 * Whether any of these actions covers an action. Actions are case-insensitive, and `*` and `?` are wildcards.
 */
export function includesAction(actions: readonly string[], wanted: string): boolean {
  const lowerWanted = wanted.toLowerCase()

  return actions.some((action) => {
    const lower = action.toLowerCase()
    return lower === lowerWanted || (/[*?]/.test(lower) && matchesPattern(parsePattern(lower), lowerWanted))
  })
}

/** Whether any of these actions covers AssumeRoleWithWebIdentity. */
export const includesWebIdentity = (actions: readonly string[]): boolean =>
  includesAction(actions, webIdentityAction)
