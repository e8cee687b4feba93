import { parseBundle } from '../x509/bundle.js'
import type { Certificate } from '../x509/certificate.js'
import { newestGo } from '../x509/go-version.js'
import { buildPool } from '../x509/pool.js'
import { type ClusterAuthority, isUsable } from './eks-authorities.js'
import type { ExpectedSets, SignerChoice } from './right-bundle.js'
import { holdsCa } from './same-ca.js'
import { isSignerOf } from './state.js'

/**
 * The phase of a rotation of the cluster CA.
 * - `one`: one CA.
 * - `appended`: EKS is distributing a successor.
 * - `append-failed`: EKS could not distribute the successor.
 * - `dual`: both CAs are trusted, and the older one signs.
 * - `activating`: EKS is switching to the successor, or the API servers serve certificates of different CAs.
 * - `activated`: the successor signs, and the rotation can be rolled back.
 * - `rolled-back`: the older CA signs again.
 * - `settled`: the successor signs, and the older CA can be deleted.
 * - `retired`: one CA, and another one was trusted until recently.
 * - `several`: several CAs are trusted, and only the cluster was queried, so the next signer is unknown.
 */
export type RotationPhase =
  | 'one'
  | 'appended'
  | 'append-failed'
  | 'dual'
  | 'activating'
  | 'activated'
  | 'rolled-back'
  | 'settled'
  | 'retired'
  | 'several'

/** The rotation of the cluster CA: its phase, and the CAs that decide which bundles work. */
export interface Rotation extends ExpectedSets {
  readonly phase: RotationPhase
  /** The confirmed cluster CAs as the cluster publishes them, as PEM. */
  readonly published: string
  /** The CAs that sign now. A bundle works only if it contains a CA from each choice. Empty if unknown. */
  readonly signers: readonly SignerChoice[]
  /** The CA that signs next if the rotation continues; undefined if there is none or it is unknown. */
  readonly successor: Certificate | undefined
  /** The CA that signed before; undefined if there is none or it is unknown. */
  readonly outgoing: Certificate | undefined
  /** What EKS reports; undefined if it was not queried, did not answer or described another cluster. */
  readonly authorities: readonly ClusterAuthority[] | undefined
}

/** The evidence from which the rotation is derived. CAs are PEM. */
export interface RotationQuestion {
  /** The confirmed cluster CAs. */
  readonly clusterCas: string
  /** The chains that API servers serve now (PEM, leaf first), each with a host name that its leaf must have. */
  readonly served: readonly { readonly chain: string; readonly host: string }[]
  /** EKS's certificate authorities, if they are proven to be those of this cluster. */
  readonly authorities?: readonly ClusterAuthority[] | undefined
  /** CAs that were trusted within the last 30 days. */
  readonly former?: readonly Certificate[] | undefined
  readonly at: Date
}

/**
 * Derives the rotation from what EKS reports and from the certificates that the API servers serve. If these
 * differ, both count.
 */
export function rotationOf({ clusterCas, served, authorities, former = [], at }: RotationQuestion): Rotation {
  const usable = authorities?.filter(isUsable) ?? []
  const trusted = buildPool([
    ...certificatesOf(clusterCas),
    ...usable.map(({ certificate }) => certificate)
  ]).certificates
  const formerCas = former.filter((ca) => !holdsCa(trusted, ca))
  const seen = distinct(
    served.map((one) => trusted.filter((ca) => isSignerOf(ca, one, at))).filter((choice) => choice.length > 0)
  )
  const inUse = usable.find(({ signing }) => signing === 'in-use')
  const activating = usable.find(({ signing }) => signing === 'activating')
  const signers = withAuthority(seen, inUse)
  const mustHold = activating === undefined ? signers : withAuthority(signers, activating)
  // EKS may report one CA as `activating` and the other as `not-used`.
  const signer = inUse ?? usable.find((one) => one !== activating) ?? activating
  const other = usable.find((one) => one !== signer)
  const isNext = other !== undefined && signer !== undefined && isSuccessor(other, signer)
  const shared = {
    published: clusterCas,
    trusted: bestOrder({ trusted, signers }),
    signers,
    mustHold,
    former: formerCas,
    authorities
  }
  if (signer === undefined) {
    return {
      ...shared,
      phase: signers.length > 1 ? 'activating' : trusted.length > 1 ? 'several' : oneOrRetired(formerCas),
      needed: trusted,
      successor: undefined,
      outgoing: undefined
    }
  }

  const phase = phaseOf({
    signer,
    other,
    isNext,
    isSwitching: mustHold.length > 1,
    former: formerCas,
    all: authorities
  })
  const isNeeded = isNext || signer.rollbackAvailable !== false
  const needed = buildPool([
    ...signers.flat(),
    signer.certificate,
    ...(activating === undefined ? [] : [activating.certificate]),
    ...(other !== undefined && isNeeded ? [other.certificate] : [])
  ]).certificates

  return {
    ...shared,
    phase,
    needed,
    successor: isNext ? other.certificate : undefined,
    outgoing: other !== undefined && !isNext ? other.certificate : undefined
  }
}

function phaseOf({
  signer,
  other,
  isNext,
  isSwitching,
  former,
  all
}: {
  signer: ClusterAuthority
  other: ClusterAuthority | undefined
  isNext: boolean
  isSwitching: boolean
  former: readonly Certificate[]
  all: readonly ClusterAuthority[] | undefined
}): RotationPhase {
  if (isSwitching) return 'activating'
  if (other === undefined) {
    const isFailed = all?.some(({ distribution }) => distribution === 'failed') ?? false
    const isDeletingOld =
      all?.some((one) => one.distribution === 'deleting' && !isSuccessor(one, signer)) ?? false
    return isFailed ? 'append-failed' : isDeletingOld ? 'retired' : oneOrRetired(former)
  }
  if (!isNext) return signer.rollbackAvailable === false ? 'settled' : 'activated'
  if (other.activatedAt !== undefined) return 'rolled-back'

  return other.distribution === 'complete' ? 'dual' : 'appended'
}

const oneOrRetired = (former: readonly Certificate[]): RotationPhase =>
  former.length > 0 ? 'retired' : 'one'

/** Whether an authority was created after the one that signs. */
function isSuccessor(other: ClusterAuthority, signer: ClusterAuthority): boolean {
  const [one, two] = [other, signer].map(
    ({ createdAt, certificate }) => createdAt?.getTime() ?? certificate.notBefore
  ) as [number, number]

  return one === two ? other.activatedAt === undefined : one > two
}

/** Adds a signing authority as a choice of its own, unless one of the choices already contains it. */
const withAuthority = (
  choices: readonly SignerChoice[],
  authority: ClusterAuthority | undefined
): readonly SignerChoice[] =>
  authority === undefined || choices.some((choice) => holdsCa(choice, authority.certificate))
    ? choices
    : [...choices, [authority.certificate]]

/** The choices without duplicates, and without those that contain all CAs of another choice. */
function distinct(choices: readonly SignerChoice[]): readonly SignerChoice[] {
  return choices.filter(
    (choice, index) =>
      !choices.some(
        (other, place) =>
          other !== choice &&
          other.every((ca) => holdsCa(choice, ca)) &&
          (other.length < choice.length || place < index)
      )
  )
}

const certificatesOf = (pem: string): readonly Certificate[] =>
  buildPool(parseBundle(Buffer.from(pem), newestGo).certificates).certificates

/** The trusted CAs in the order in which a bundle should contain them: the CAs that sign come first. */
export function bestOrder({
  trusted,
  signers
}: Pick<Rotation, 'trusted' | 'signers'>): readonly Certificate[] {
  const isSigner = (ca: Certificate): boolean => signers.some((choice) => holdsCa(choice, ca))

  return [...trusted.filter(isSigner), ...trusted.filter((ca) => !isSigner(ca))]
}
