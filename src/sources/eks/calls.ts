import {
  DescribePodIdentityAssociationCommand,
  ListPodIdentityAssociationsCommand
} from '@aws-sdk/client-eks'
import type { AccountName } from '../../facts/facts.js'
import type { Association } from '../../model/association.js'
import { clusterOfAssociationArn } from '../../model/cluster-arn.js'
import { quote } from '../../text/escape.js'
import { type AwsResponse, failed, type Failure } from '../iam/failure.js'
import { buildEksSender, type EksSenderOptions, noSuchCluster } from './send.js'

/** An association as a list shows it, without its role and the time of its last change. */
export interface ListedAssociation {
  readonly id: string
  readonly account: AccountName
}

export interface ListPage {
  readonly associations: readonly ListedAssociation[]
  readonly nextToken: string | undefined
}

/** An association as EKS describes it. */
export interface DescribedAssociation {
  readonly association: Association
  readonly createdAt: Date | undefined
}

/**
 * The two calls that the reader makes; neither rejects. `another` waits until one more request may be sent.
 */
export interface EksCalls {
  /** Reads one page of a cluster's associations, or the association of one service account. */
  list(
    of: { readonly nextToken?: string | undefined; readonly account?: AccountName },
    another: () => Promise<void>
  ): Promise<AwsResponse<ListPage>>
  /** Reads one association; `absent` if it was deleted. */
  describe(
    of: ListedAssociation,
    another: () => Promise<void>
  ): Promise<AwsResponse<DescribedAssociation> | 'absent'>
}

/**
 * Builds the calls for one cluster. Throws ERR_CONFIG if the role configured for an account
 * belongs to a different account. Sends no request.
 */
export function buildEksCalls(options: EksSenderOptions): EksCalls {
  const { cluster } = options
  const sendWithin = buildEksSender(options)

  return {
    list: async ({ nextToken, account }, another) => {
      const call = 'eks:ListPodIdentityAssociations'
      const page = await sendWithin(call, another, async (client) => {
        const { associations, nextToken: next } = await client.send(
          new ListPodIdentityAssociationsCommand({
            clusterName: cluster.name,
            maxResults: 100,
            nextToken,
            ...(account && { namespace: account.namespace, serviceAccount: account.name })
          })
        )
        if (associations === undefined) return undefined
        const listed: ListedAssociation[] = []
        for (const { associationArn, associationId, namespace, serviceAccount } of associations) {
          if (associationId === undefined || namespace === undefined || serviceAccount === undefined)
            return undefined
          const foreign = foreignOf(associationArn, call)
          if (foreign !== undefined) return foreign
          listed.push({ id: associationId, account: { namespace, name: serviceAccount } })
        }
        return { answer: { associations: listed, nextToken: next } }
      })

      return page === 'absent' ? noSuchCluster(cluster) : page
    },

    describe: async ({ id, account }, another) => {
      const call = 'eks:DescribePodIdentityAssociation'

      return sendWithin(call, another, async (client) => {
        const { association } = await client.send(
          new DescribePodIdentityAssociationCommand({ clusterName: cluster.name, associationId: id })
        )
        if (association?.roleArn === undefined) return undefined
        const foreign = foreignOf(association.associationArn, call)
        if (foreign !== undefined) return foreign
        const { namespace, serviceAccount, roleArn } = association
        if (namespace !== account.namespace || serviceAccount !== account.name) return undefined

        const { targetRoleArn, externalId, disableSessionTags, policy, ownerArn, modifiedAt } = association
        const read: Association = {
          ...{ clusterName: cluster.name, namespace, serviceAccount, roleArn, targetRoleArn, externalId },
          ...{ disableSessionTags: disableSessionTags ?? false, policy, ownerArn, modifiedAt }
        }
        return { answer: { association: read, createdAt: association.createdAt } }
      })
    }
  }

  /** A failure if an association does not belong to the requested cluster. */
  function foreignOf(arn: string | undefined, call: string): { failure: Failure } | undefined {
    const other = arn === undefined ? undefined : clusterOfAssociationArn(arn)
    if (other?.text === cluster.text) return undefined

    return failed(
      'not-ours',
      `EKS answered ${call} for cluster ${cluster.text} with association ${quote(arn ?? '')} of another cluster; check the cluster's ARN and the EKS endpoint`
    )
  }
}
