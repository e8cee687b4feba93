import {
  DescribePodIdentityAssociationCommand,
  EKSClient,
  ListPodIdentityAssociationsCommand
} from '@aws-sdk/client-eks'
import type { IAMClient } from '@aws-sdk/client-iam'
import type { AccountName } from '../../facts/facts.js'
import type { Association } from '../../model/association.js'
import { type ClusterArn, clusterOfAssociationArn } from '../../model/cluster-arn.js'
import { quote } from '../../text/escape.js'
import { type AccountsOptions, buildAccounts, clientSettings, type RequestResult } from '../iam/accounts.js'
import {
  type AwsResponse,
  failed,
  type Failure,
  failureOf,
  isNotFoundError,
  isPassing
} from '../iam/failure.js'
import { withIn } from '../iam/within.js'

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

export interface EksCallsOptions extends Pick<AccountsOptions, 'accounts' | 'patient'> {
  readonly cluster: ClusterArn
  /** The EKS endpoint, if it is not the one that the SDK finds. */
  readonly endpoint?: string | undefined
  readonly onRequest: (operation: string, result: RequestResult) => void
  /** Called for each request to STS. */
  readonly onStsRequest: (operation: string, result: RequestResult) => void
}

/**
 * Builds the calls for one cluster. They use only credentials of the cluster's account, because another
 * account can have a cluster of the same name. Throws ERR_CONFIG if the role configured for an account
 * belongs to a different account. Sends no request.
 */
export function buildEksCalls(options: EksCallsOptions): EksCalls {
  const { cluster, endpoint, accounts, patient, onRequest } = options
  const clientFor = buildAccounts({ accounts, patient, onRequest: options.onStsRequest })
  let built: { readonly of: IAMClient; readonly eks: EKSClient } | undefined

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

      return page === 'absent'
        ? failed(
            'not-ours',
            `EKS has no cluster ${cluster.name} in region ${cluster.region} of account ${cluster.account}; check the cluster's ARN`
          )
        : page
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

  function sendWithin<T>(...request: Parameters<typeof send<T>>): Promise<AwsResponse<T> | 'absent'> {
    return withIn(patient, send(...request))
  }

  /**
   * Sends one request, and retries once if that may help. `run` returns undefined for an invalid response,
   * such as a proxy's error page.
   */
  async function send<T>(
    call: `eks:${string}`,
    another: () => Promise<void>,
    run: (client: EKSClient) => Promise<AwsResponse<T> | undefined>,
    last = false
  ): Promise<AwsResponse<T> | 'absent'> {
    const client = await clientFor({ account: cluster.account, partition: cluster.partition })
    if ('failure' in client) return client

    const report = (result: RequestResult): void => onRequest(call.slice('eks:'.length), result)
    try {
      const response =
        (await run(eksClient(client.answer))) ??
        failed('error', `EKS answered ${call} without the requested data; check for a proxy in between`)
      report('failure' in response ? response.failure.kind : 'found')

      return response
    } catch (error) {
      if (isNotFoundError(error)) {
        report('absent')
        return 'absent'
      }
      const reply = failureOf(error, call)
      report(reply.failure.kind)
      if (last || !isPassing(error)) return reply
    }
    await another()

    return send(call, another, run, true)
  }

  /** The client with the credentials of an account's IAM client, which renews them. */
  function eksClient(of: IAMClient): EKSClient {
    if (built?.of !== of)
      built = {
        of,
        eks: new EKSClient({
          ...clientSettings(patient),
          region: cluster.region,
          credentials: of.config.credentials,
          ...(endpoint !== undefined && { endpoint })
        })
      }

    return built.eks
  }
}
