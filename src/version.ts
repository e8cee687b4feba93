/**
 * The version of this build. `package.json` has the same one; the bundle is a single file and cannot read it.
 */
export const version = '0.1.0'

/** The documentation of this version, which findings link to. */
export const docsUrl = `https://irsa-guard.io/v${version}`
