import { base64, makeAuthority, pem } from '../../test/support/certificates.ts'
import { alternate, ratiosOf } from '../support/alternate.ts'
import { load } from '../support/built.ts'
import { issuer } from '../support/review-body.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'
import { microsecondsOf } from '../support/time.ts'

const at = new Date('2026-11-24T00:00:00Z')

/**
 * Compares the time in which a caBundle round assesses the cluster CA and builds the bundles that it publishes, with and without EKS's answer about two certificate authorities. EKS itself is queried every 15 minutes.
 */
export const rotation: Row = async ({ rounds, scale }) => {
  const { rotationOf } = (await load(
    'ca-bundle/rotation.js'
  )) as typeof import('../../src/ca-bundle/rotation.js')
  const { provenAuthorities } = (await load(
    'ca-bundle/eks-authorities.js'
  )) as typeof import('../../src/ca-bundle/eks-authorities.js')
  const { acceptedInRotation } = (await load(
    'ca-bundle/accepted-texts.js'
  )) as typeof import('../../src/ca-bundle/accepted-texts.js')
  const [current, successor] = [pem(makeAuthority().der), pem(makeAuthority().der)]
  const clusterCas = `${current}${successor}`
  const authorityOf = (id: string, certificate: string, signing: 'in-use' | 'not-used') => ({
    id,
    data: base64(certificate),
    signing,
    distribution: 'complete' as const,
    createdAt: undefined,
    activatedAt: undefined,
    notBefore: undefined,
    notAfter: undefined,
    firstAutoActivation: undefined,
    finalAutoActivation: undefined,
    rollbackAvailable: undefined
  })
  const answer = {
    cluster: { arn: '', partition: 'aws', region: 'us-east-1', account: '111122223333', name: 'prod' },
    issuer,
    bundle: base64(clusterCas),
    authorities: [authorityOf('a', current, 'in-use'), authorityOf('b', successor, 'not-used')]
  }
  const decide = (isEksAsked: boolean): string => {
    const proven = isEksAsked ? provenAuthorities(answer as never, { issuer, clusterCas }) : undefined
    const authorities = proven?.state === 'known' ? proven.value : undefined
    const decided = rotationOf({ clusterCas, served: [], authorities, at })
    acceptedInRotation(decided, { pem: clusterCas })

    return decided.phase
  }
  if (decide(true) !== 'dual') throw new Error(`expected the phase dual, got ${decide(true)}`)

  const calls = 200 * scale
  const times = await alternate(rounds, {
    withEks: () => microsecondsOf(() => decide(true), calls),
    without: () => microsecondsOf(() => decide(false), calls)
  })

  return [
    {
      what: 'rotation: the decision of a caBundle round with an answer from EKS / without',
      ratios: ratiosOf(times.withEks, times.without),
      budget: 5,
      absolute: `${medianOf(times.withEks).toFixed(0)} µs, without ${medianOf(times.without).toFixed(0)} µs, every 30 s`
    }
  ]
}
