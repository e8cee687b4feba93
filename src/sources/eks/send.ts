import { EKSClient } from '@aws-sdk/client-eks'
import type { IAMClient } from '@aws-sdk/client-iam'
import type { ClusterArn } from '../../model/cluster-arn.js'
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

export interface EksSenderOptions extends Pick<AccountsOptions, 'accounts' | 'patient'> {
  readonly cluster: ClusterArn
  /** Overrides the EKS endpoint that the SDK would choose. */
  readonly endpoint?: string | undefined
  readonly onRequest: (operation: string, result: RequestResult) => void
  /** Called for each request to STS. */
  readonly onStsRequest: (operation: string, result: RequestResult) => void
}

/**
 * Sends one request, and retries once if that may help. `another` waits until one more request may be sent.
 * `run` returns undefined for an invalid response, such as a proxy's error page. Never rejects; `absent` if
 * EKS responds that the requested object does not exist.
 */
export type EksSender = <T>(
  call: `eks:${string}`,
  another: () => Promise<void>,
  run: (client: EKSClient) => Promise<AwsResponse<T> | undefined>
) => Promise<AwsResponse<T> | 'absent'>

/**
 * Builds the sender for one cluster. It uses only credentials of the cluster's account, because another
 * account can have a cluster with the same name. Throws ERR_CONFIG if the role configured for an account
 * belongs to a different account. Sends no request.
 */
export function buildEksSender(options: EksSenderOptions): EksSender {
  const { cluster, endpoint, accounts, patient, onRequest } = options
  const owners = buildAccounts({ accounts, patient, onRequest: options.onStsRequest })
  let built: { readonly of: IAMClient; readonly eks: EKSClient } | undefined

  return (call, another, run) => withIn(patient, send(call, another, run))

  async function send<T>(
    call: `eks:${string}`,
    another: () => Promise<void>,
    run: (client: EKSClient) => Promise<AwsResponse<T> | undefined>,
    last = false
  ): Promise<AwsResponse<T> | 'absent'> {
    const client = await owners.clientFor({ account: cluster.account, partition: cluster.partition })
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

/** The failure if the cluster does not exist in EKS. */
export const noSuchCluster = ({ name, region, account }: ClusterArn): { failure: Failure } =>
  failed(
    'not-ours',
    `EKS has no cluster ${name} in region ${region} of account ${account}; check the cluster's ARN`
  )
