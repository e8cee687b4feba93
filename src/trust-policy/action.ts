import { matchesPattern, parsePattern } from '../text/glob.js'

/** The call by which IRSA assumes a role. */
export const webIdentityAction = 'sts:AssumeRoleWithWebIdentity'

/**
 * Whether any of these actions covers the wanted one. Actions are case-insensitive, and `*` and `?` are
 * wildcards.
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
