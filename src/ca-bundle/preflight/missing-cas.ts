import type { Certificate } from '../../x509/certificate.js'
import { describeCertificate } from '../../x509/describe.js'
import type { Rotation } from '../rotation.js'
import { holdsCa, isSameCa } from '../same-ca.js'

/** The CAs that a list of certificates lacks in a rotation. */
export interface MissingCas {
  /** Missing CAs that sign now, or may sign at any moment. Connections fail without them. */
  readonly now: readonly Certificate[]
  /** Missing CAs that sign after the next activation. */
  readonly next: readonly Certificate[]
  /** Missing CAs that sign again after a rollback. */
  readonly afterRollback: readonly Certificate[]
}

/** Finds the missing CAs that are needed now, after the next activation, and after a rollback. */
export function missingFrom(certificates: readonly Certificate[], rotation: Rotation): MissingCas {
  const { mustHold, needed } = rotation
  const now = mustHold.filter((choice) => !choice.some((ca) => holdsCa(certificates, ca))).flat()
  const others = needed.filter((ca) => !holdsCa(certificates, ca) && !now.includes(ca))

  return {
    now,
    next: others.filter((ca) => isNext(ca, rotation)),
    afterRollback: others.filter((ca) => !isNext(ca, rotation) && !isSigning(ca, rotation))
  }
}

/**
 * Whether a needed CA is the one that signs next. If EKS was not queried, this can be any CA that is not older
 * than those that sign now, or any CA at all if it is unknown which one signs now.
 */
function isNext(ca: Certificate, { successor, phase, mustHold }: Rotation): boolean {
  if (phase !== 'several') return successor !== undefined && holdsCa([successor], ca)
  const signing = mustHold.flat()

  return !holdsCa(signing, ca) && signing.every(({ notBefore }) => notBefore <= ca.notBefore)
}

const isSigning = (ca: Certificate, { mustHold }: Rotation): boolean => holdsCa(mustHold.flat(), ca)

/** The first three CAs and the number of the others, for messages. */
export const listOfCas = (cas: readonly Certificate[]): string =>
  `${cas.slice(0, 3).map(describeCertificate).join(', ')}${cas.length > 3 ? ` and ${cas.length - 3} more` : ''}`

/**
 * The newest CA that the cluster trusts; undefined if it trusts fewer than two. If EKS does not say which one
 * is the successor, it is the one that became valid last.
 */
export function newestOf({
  trusted,
  successor,
  outgoing
}: Pick<Rotation, 'trusted' | 'successor' | 'outgoing'>): Certificate | undefined {
  if (trusted.length < 2) return undefined
  const candidates = outgoing === undefined ? trusted : trusted.filter((ca) => !isSameCa(ca, outgoing))

  return (
    successor ??
    candidates.reduce<Certificate | undefined>(
      (newest, ca) => (newest !== undefined && newest.notBefore > ca.notBefore ? newest : ca),
      undefined
    )
  )
}
