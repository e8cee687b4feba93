import type { Logger } from 'pino'
import { type ClusterAuthority, type ClusterProof, provenAuthorities } from '../ca-bundle/eks-authorities.js'
import type { EksAuthorities } from '../model/certificate-authority.js'
import { raceDeadline } from '../model/deadline.js'
import { type Fact, unknown } from '../model/fact.js'
import type { AuthorityReader } from '../sources/eks/authorities.js'

/** EKS's certificate authorities, read again when they may have changed. */
export interface FollowedAuthorities {
  /**
   * The authorities, if they are proven to be those of this cluster. `seen` identifies what the cluster itself
   * shows about its CAs. Never rejects, and takes at most a few seconds.
   */
  read(seen: string, proof: ClusterProof): Promise<readonly ClusterAuthority[] | undefined>
}

const minute = 60_000
/** The time between two reads while nothing changes. */
const usualInterval = 15 * minute
/** How long the last answer is used if EKS does not answer and the cluster shows no change. */
const usableFor = 30 * minute
/** A bundle round waits this long for EKS. */
const patience = 5000

/**
 * Follows the certificate authorities. They are read every 15 minutes, but every minute while EKS is changing
 * them, and at once if the cluster itself shows a change. Each reason why they are unknown is logged once.
 */
export function followAuthorities(
  reader: AuthorityReader,
  log: Logger,
  clock: () => number = Date.now
): FollowedAuthorities {
  let fact: Fact<EksAuthorities> = unknown('EKS has not answered yet')
  let answered: { at: number; seen: string; value: EksAuthorities } | undefined
  let asked: { at: number; seen: string } | undefined
  let reading: Promise<void> | undefined
  let told: string | undefined

  return {
    read: async (seen, proof) => {
      if (reading === undefined && isDue(seen)) reading = readNow(seen)
      if (reading !== undefined) await raceDeadline(AbortSignal.timeout(patience), reading)
      const proven = proveLast(seen, proof)
      const because = proven.state === 'known' ? undefined : proven.because
      if (because !== told) {
        told = because
        if (because === undefined) log.info("the cluster CA's rotation is known from EKS")
        else
          log.warn({ because }, "the cluster CA's rotation is unknown: only the cluster itself shows its CAs")
      }

      return proven.state === 'known' ? proven.value : undefined
    }
  }

  function isDue(seen: string): boolean {
    if (asked === undefined || asked.seen !== seen) return true
    const isChanging =
      fact.state !== 'known' ||
      fact.value.authorities.some(
        ({ signing, distribution }) => signing === 'activating' || distribution === 'in-progress'
      )

    return clock() - asked.at >= (isChanging ? minute : usualInterval)
  }

  async function readNow(seen: string): Promise<void> {
    asked = { at: clock(), seen }
    fact = await reader.read()
    if (fact.state === 'known') answered = { ...asked, value: fact.value }
    reading = undefined
  }

  /**
   * The last answer, unless it is too old. An answer from before the cluster's CAs changed is not used either,
   * because it might contradict the cluster.
   */
  function proveLast(seen: string, proof: ClusterProof): Fact<readonly ClusterAuthority[]> {
    if (answered?.seen === seen && clock() - answered.at < usableFor)
      return provenAuthorities(answered.value, proof)

    return fact.state === 'known' ? unknown('EKS has not answered since the CAs changed') : fact
  }
}
