import type { Certificate } from '../x509/certificate.js'
import { holdsCa } from './same-ca.js'

/** CAs of which a bundle needs at least one, because each of them verifies the served certificate. */
export type SignerChoice = readonly Certificate[]

/** The CAs that decide which bundles are correct. */
export interface ExpectedSets {
  /** Every CA that a bundle may contain, in the order in which it should contain them. */
  readonly trusted: readonly Certificate[]
  /** The CAs that sign now or may sign at any moment. A correct bundle contains a CA from each choice. */
  readonly mustHold: readonly SignerChoice[]
  /** The CAs that a bundle needs now and after the next step of a rotation. */
  readonly needed: readonly Certificate[]
  /** CAs that were trusted until recently. A bundle may still contain them, in addition to the others. */
  readonly former: readonly Certificate[]
}

/** Which CAs of a bundle the cluster trusted until recently but does not trust now. */
export const formerCasIn = (
  { trusted, former }: ExpectedSets,
  bundle: readonly Certificate[]
): readonly Certificate[] => bundle.filter((ca) => !holdsCa(trusted, ca) && holdsCa(former, ca))

/** Which CAs of a bundle the cluster does not trust now and did not trust recently. */
export const unknownCasIn = (
  { trusted, former }: ExpectedSets,
  bundle: readonly Certificate[]
): readonly Certificate[] => bundle.filter((ca) => !holdsCa(trusted, ca) && !holdsCa(former, ca))

/** Whether a bundle contains a CA from each choice in `mustHold`, and only known CAs. */
export const isRight = (sets: ExpectedSets, bundle: readonly Certificate[]): boolean =>
  bundle.some((certificate) => holdsCa(sets.trusted, certificate)) &&
  unknownCasIn(sets, bundle).length === 0 &&
  sets.mustHold.every((choice) => choice.some((ca) => holdsCa(bundle, ca)))

/** Whether a bundle is correct now, stays correct after the next step, and contains no former CA. */
export const isComplete = (sets: ExpectedSets, bundle: readonly Certificate[]): boolean =>
  isRight(sets, bundle) &&
  sets.needed.every((ca) => holdsCa(bundle, ca)) &&
  formerCasIn(sets, bundle).length === 0
