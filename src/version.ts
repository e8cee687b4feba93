/**
 * The version of this build; `package.json` has the same. The bundle is one file, so it cannot read that one.
 */
export const version = '0.1.0'
