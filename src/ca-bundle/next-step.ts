import { parseCaBundle } from '../x509/bundle.js'
import type { Certificate } from '../x509/certificate.js'
import { describeCertificate } from '../x509/describe.js'
import { newestGo } from '../x509/go-version.js'
import { formatTime } from '../x509/time.js'
import type { ClusterAuthority } from './eks-authorities.js'
import type { Rotation } from './rotation.js'
import { holdsCa, isSameCa } from './same-ca.js'
import type { BundleState } from './state.js'

/** The next step of a rotation. */
export interface NextStep {
  /** `append`: EKS adds a successor. `activation`: the CA starts to sign. `deletion`: the CA may be deleted. */
  readonly step: 'append' | 'activation' | 'deletion'
  /** The CA that is activated or deleted, or the one that gets a successor. */
  readonly ca: Certificate
  /** The latest time at which EKS takes the step; undefined if there is none or it is unknown. */
  readonly at: Date | undefined
}

const day = 86_400_000
const year = 365 * day

/**
 * The next step of the rotation and its date; undefined if there is none or it is unknown. EKS publishes the
 * dates: https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html
 */
export function nextStepOf(rotation: Rotation, at: Date): NextStep | undefined {
  const { phase, successor, outgoing, authorities } = rotation
  if (successor !== undefined) return { step: 'activation', ca: successor, at: activationOf(rotation) }
  if (phase === 'settled' && outgoing !== undefined) return { step: 'deletion', ca: outgoing, at: undefined }

  const signer = authorities?.find(({ signing }) => signing === 'in-use')
  if (signer === undefined || (phase !== 'one' && phase !== 'retired')) return undefined
  // EKS sends a reminder 2.5 years before a CA expires and appends its successor 2 years before it expires.
  const { certificate } = signer
  if (certificate.notAfter - at.getTime() > 2.5 * year) return undefined

  return { step: 'append', ca: certificate, at: new Date(certificate.notAfter - 2 * year) }
}

/** The authority that signs next, as EKS describes it. */
export const successorOf = ({ successor, authorities }: Rotation): ClusterAuthority | undefined =>
  successor && authorities?.find(({ certificate }) => isSameCa(certificate, successor))

/**
 * The latest time at which EKS activates the successor. After a rollback, this is the final date, on which
 * EKS activates the successor again.
 */
function activationOf(rotation: Rotation): Date | undefined {
  const { firstAutoActivation, finalAutoActivation } = successorOf(rotation) ?? {}

  return rotation.phase === 'rolled-back' ? finalAutoActivation : (firstAutoActivation ?? finalAutoActivation)
}

/** Describes the phase and the next step, on one line; undefined if no rotation is in progress or due. */
export function describeRotation(rotation: Rotation, at: Date): string | undefined {
  const { phase, successor, outgoing, signers, trusted } = rotation
  const next = nextStepOf(rotation, at)
  const now = signers.map((choice) => choice.slice(0, 3).map(describeCertificate).join(' or '))
  const signs =
    now.length === 0
      ? 'it is unknown which CA signs now'
      : now.length === 1
        ? `${now[0]} signs now`
        : `${now.join(' and ')} sign now`
  const one = successor && describeCertificate(successor)
  const old = outgoing && describeCertificate(outgoing)
  const by = dateOf(next?.at, at)
  switch (phase) {
    case 'one':
    case 'retired':
      return next && `${signs}; EKS adds its successor ${by}`
    case 'append-failed':
      return `${signs}; EKS could not distribute its successor`
    case 'appended':
      return `${signs}; EKS is distributing its successor ${one}, which signs ${by}`
    case 'dual':
      return `${signs}; ${one} signs next, ${by}`
    case 'activating':
      return `the control plane is changing its CA: ${signs}${one === undefined ? '' : `; ${one} signs next`}`
    case 'activated':
      return `${signs}; ${old} may sign again until EKS no longer allows a rollback`
    case 'rolled-back':
      return `after a rollback, ${signs}; ${one} signs next, ${by}`
    case 'settled':
      return `${signs}; ${old} no longer signs and may be deleted`
    case 'several':
      return `${signs}; the cluster trusts ${trusted.length} CAs, and irsa-guard cannot tell which one signs next`
  }
}

/**
 * Describes, on one line, the future step of the rotation after which calls with this bundle fail, and its
 * date; undefined if there is no such step, or if calls already fail.
 */
export function nextStateOf(
  state: BundleState,
  caBundle: string | undefined,
  rotation: Rotation,
  at: Date
): string | undefined {
  if (state !== 'incomplete') return undefined
  const held = parseCaBundle(caBundle ?? '', newestGo)?.certificates ?? []
  const missing = rotation.needed.filter((ca) => !holdsCa(held, ca))
  const [ca] = missing
  if (ca === undefined) return undefined
  const name = missing.slice(0, 3).map(describeCertificate).join(', ')
  if (rotation.successor !== undefined && isSameCa(ca, rotation.successor))
    return `calls will fail once ${name} starts signing, ${dateOf(activationOf(rotation), at)}`
  if (rotation.outgoing !== undefined && isSameCa(ca, rotation.outgoing))
    return `calls fail if the rotation is rolled back to ${name}`

  return `calls will fail once ${name} starts signing; the date is unknown`
}

function dateOf(date: Date | undefined, at: Date): string {
  if (date === undefined) return 'on a date that EKS does not state, or as soon as someone activates it'

  return date.getTime() <= at.getTime()
    ? `at any moment (EKS planned it for ${formatTime(date.getTime())})`
    : `by ${formatTime(date.getTime())} at the latest`
}
