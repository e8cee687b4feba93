import {
  type CertificateAuthority as EksAuthority,
  DescribeCertificateAuthorityCommand,
  DescribeClusterCommand,
  ListCertificateAuthoritiesCommand
} from '@aws-sdk/client-eks'
import type { CertificateAuthority, EksAuthorities } from '../../model/certificate-authority.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { type AwsResponse, failed } from '../iam/failure.js'
import { buildEksSender, type EksSenderOptions, noSuchCluster } from './send.js'

/** Reads the certificate authorities of one EKS cluster. Never rejects. */
export interface AuthorityReader {
  read(): Promise<Fact<EksAuthorities>>
}

// A cluster has at most two. More are read only so that the answer can be recognized as unexpected.
const maxAuthorities = 8
const maxPages = 8

/**
 * Builds the reader. One read takes two calls, plus one for each authority. Throws ERR_CONFIG if the role
 * configured for an account belongs to a different account. Sends no request.
 */
export function buildAuthorityReader(options: EksSenderOptions): AuthorityReader {
  const { cluster } = options
  const send = buildEksSender(options)
  // A read takes few calls, so they need no rate limit.
  const another = async (): Promise<void> => undefined

  return {
    read: async () => {
      const shown = await describeCluster()
      if ('failure' in shown) return unknown(shown.failure.because)
      const ids = await listIds()
      if ('failure' in ids) return unknown(ids.failure.because)
      const described = await Promise.all(ids.answer.map(describeAuthority))
      const authorities: CertificateAuthority[] = []
      for (const one of described) {
        if (one === 'absent') continue // it was deleted after the list was read
        if ('failure' in one) return unknown(one.failure.because)
        authorities.push(one.answer)
      }

      return known({ cluster, ...shown.answer, authorities }, new Date())
    }
  }

  async function describeCluster(): Promise<AwsResponse<Pick<EksAuthorities, 'issuer' | 'bundle'>>> {
    const reply = await send('eks:DescribeCluster', another, async (client) => {
      const { cluster: found } = await client.send(new DescribeClusterCommand({ name: cluster.name }))
      const [issuer, bundle] = [found?.identity?.oidc?.issuer, found?.certificateAuthority?.data]

      return issuer === undefined || bundle === undefined ? undefined : { answer: { issuer, bundle } }
    })

    return reply === 'absent' ? noSuchCluster(cluster) : reply
  }

  async function listIds(): Promise<AwsResponse<readonly string[]>> {
    const ids = new Set<string>()
    let nextToken: string | undefined
    for (let page = 0; page < maxPages; page++) {
      const token = nextToken
      const reply = await send('eks:ListCertificateAuthorities', another, async (client) => {
        const { certificateAuthorities, nextToken: next } = await client.send(
          new ListCertificateAuthoritiesCommand({
            clusterName: cluster.name,
            ...(token !== undefined && { nextToken: token })
          })
        )
        const found = certificateAuthorities?.map(({ id }) => id)
        if (found === undefined || !found.every((id) => id !== undefined && id !== '')) return undefined

        return { answer: { found: found as string[], next } } // every ID was checked
      })
      if (reply === 'absent') return noSuchCluster(cluster)
      if ('failure' in reply) return reply
      for (const id of reply.answer.found) ids.add(id)
      if (ids.size > maxAuthorities) break
      nextToken = reply.answer.next
      if (nextToken === undefined || nextToken === '') return { answer: [...ids] }
    }

    return failed(
      'error',
      `EKS did not end the list of certificate authorities; check for a proxy in between`
    )
  }

  function describeAuthority(id: string): Promise<AwsResponse<CertificateAuthority> | 'absent'> {
    return send('eks:DescribeCertificateAuthority', another, async (client) => {
      const { certificateAuthority } = await client.send(
        new DescribeCertificateAuthorityCommand({ clusterName: cluster.name, certificateAuthorityId: id })
      )
      if (certificateAuthority?.id !== id) return undefined

      return authorityOf(id, certificateAuthority)
    })
  }
}

// The SDK passes on values that it does not know.
const signing: Readonly<Record<string, CertificateAuthority['signing']>> = {
  NOT_USED: 'not-used',
  ACTIVATING: 'activating',
  IN_USE: 'in-use'
}
const distribution: Readonly<Record<string, CertificateAuthority['distribution']>> = {
  IN_PROGRESS: 'in-progress',
  COMPLETE: 'complete',
  FAILED: 'failed',
  DELETING: 'deleting'
}

function authorityOf(id: string, described: EksAuthority): AwsResponse<CertificateAuthority> | undefined {
  const { signingStatus = '', distributionStatus = '', data, createdAt, activatedAt } = described
  const { validity, scheduledEvents, rollbackAvailable } = described
  const [signs, distributed] = [signing[signingStatus], distribution[distributionStatus]]
  if (signs === undefined || distributed === undefined)
    return failed(
      'error',
      `EKS describes a certificate authority with a status that this version of irsa-guard does not know`
    )

  return {
    answer: {
      ...{ id, data, signing: signs, distribution: distributed, createdAt, activatedAt, rollbackAvailable },
      notBefore: validity?.notBefore,
      notAfter: validity?.notAfter,
      firstAutoActivation: scheduledEvents?.firstAutoActivation,
      finalAutoActivation: scheduledEvents?.finalAutoActivation
    }
  }
}
