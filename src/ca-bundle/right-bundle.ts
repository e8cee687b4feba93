import type { Certificate } from '../x509/certificate.js'
import { holdsCa } from './same-ca.js'

/** CAs of which a bundle needs one: each of them verifies what is served. */
export type SignerChoice = readonly Certificate[]

/** The CAs that decide which bundles are right. */
export interface ExpectedSets {
  /** Every CA that a bundle may contain, in the order in which it should contain them. */
  readonly trusted: readonly Certificate[]
  /** The CAs that sign now or may sign at any moment. A bundle that lacks one of each choice is not right. */
  readonly mustHold: readonly SignerChoice[]
  /** The CAs that a bundle needs now and after the next step of a rotation. */
  readonly needed: readonly Certificate[]
  /** CAs that were trusted until recently. A bundle may still contain them, in addition to the others. */
  readonly former: readonly Certificate[]
}

/** Whether a bundle contains each CA that signs now or may sign at any moment, and only known CAs. */
export function isRight(
  { trusted, former, mustHold }: ExpectedSets,
  bundle: readonly Certificate[]
): boolean {
  const isTrusted = (certificate: Certificate): boolean => holdsCa(trusted, certificate)

  return (
    bundle.some(isTrusted) &&
    bundle.every((certificate) => isTrusted(certificate) || holdsCa(former, certificate)) &&
    mustHold.every((choice) => choice.some((ca) => holdsCa(bundle, ca)))
  )
}

/** Whether a bundle is right now, stays right after the next step, and contains no former CA. */
export const isComplete = (sets: ExpectedSets, bundle: readonly Certificate[]): boolean =>
  isRight(sets, bundle) &&
  sets.needed.every((ca) => holdsCa(bundle, ca)) &&
  bundle.every((certificate) => holdsCa(sets.trusted, certificate))
