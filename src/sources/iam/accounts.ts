import { IAMClient } from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers'
import { GuardError } from '../../model/guard-error.js'
import { parseRoleArn, type RoleArn } from '../../model/role-arn.js'
import { type AwsResponse, credentialsFailureOf, failed, type Failure, failureOf } from './failure.js'
import { globalRegionOf } from './regions.js'

/** The outcome of one request, for metrics. */
export type RequestResult = 'found' | 'absent' | Failure['kind']

export interface AccountsOptions {
  /**
   * Overrides the IAM endpoint that the SDK would choose. The STS endpoint always comes from the SDK's
   * environment.
   */
  readonly endpoint?: string | undefined
  /** The read-only role to assume for each account that is not our own. */
  readonly accounts: readonly { readonly account: string; readonly roleArn: string }[]
  /**
   * Whether a user is waiting for the result of a command. Timeouts are then longer, and throttled requests
   * are retried.
   */
  readonly patient: boolean
  readonly onRequest: (operation: string, result: RequestResult) => void
}

/** The IAM clients, each of which may read one account. */
export interface Accounts {
  /** Finds the client that may read an account. */
  clientFor(of: { account: string; partition: string }): Promise<AwsResponse<IAMClient>>
  /**
   * The accounts that can be read: our own, and those with a configured role. `failure` says why our own is not
   * known.
   */
  readable(
    partition: string
  ): Promise<{ readonly accounts: readonly string[]; readonly failure: Failure | undefined }>
}

interface Own {
  readonly iam: IAMClient
  readonly sts: STSClient
  readonly region: string
  identity?: Promise<Identity | { failure: Failure }> | undefined
}

interface Identity {
  readonly account: string
  readonly partition: string
}

/**
 * Builds the clients. Our own account uses the credentials that the SDK finds; other accounts use the
 * configured role. Throws ERR_CONFIG if the role configured for an account belongs to a different account.
 * Sends no request until a client is needed.
 */
export function buildAccounts({ endpoint, accounts, patient, onRequest }: AccountsOptions): Accounts {
  const settings = clientSettings(patient)
  const readers = accounts.map(({ account, roleArn }) => readerOf(account, roleArn))
  const owns = new Map<string, Own>()
  const others = new Map<string, IAMClient>()
  let configuredRegion: Promise<string | undefined> | undefined

  return {
    clientFor: async ({ account, partition }) => {
      const own = await ownOf(partition)
      if ('failure' in own) return own
      const reader = readers.find((role) => role.account === account && role.partition === partition)

      return reader === undefined
        ? ownClient(own.answer, account, partition)
        : otherClient(own.answer, reader.text)
    },
    readable: async (partition) => {
      const own = await ownOf(partition)
      const identity = 'failure' in own ? own : await identityOf(own.answer)
      const others = readers.filter((role) => role.partition === partition).map(({ account }) => account)
      if ('failure' in identity)
        return { accounts: 'failure' in own ? [] : others, failure: identity.failure }

      return {
        accounts: [...new Set([...(identity.partition === partition ? [identity.account] : []), ...others])],
        failure: undefined
      }
    }
  }

  /** The clients with our own credentials. Checks first that the SDK can get these credentials. */
  async function ownOf(partition: string): Promise<AwsResponse<Own>> {
    configuredRegion ??= new STSClient({}).config.region().catch(() => undefined) // it rejects if no region is configured
    const region = (await configuredRegion) ?? globalRegionOf(partition)
    if (region === undefined)
      return failed('not-ours', `the region for partition ${partition} is unknown; set AWS_REGION`)

    const own = owns.get(region) ?? buildOwn(region)
    owns.set(region, own)
    try {
      await own.iam.config.credentials()
    } catch (error) {
      return credentialsFailureOf(error)
    }

    return { answer: own }
  }

  function buildOwn(region: string): Own {
    return { region, sts: new STSClient({ ...settings, region }), iam: buildClient(region) }
  }

  function buildClient(region: string, credentials?: ReturnType<typeof fromTemporaryCredentials>): IAMClient {
    return new IAMClient({
      ...settings,
      region,
      ...(endpoint !== undefined && { endpoint }),
      ...(credentials && { credentials })
    })
  }

  async function ownClient(own: Own, account: string, partition: string): Promise<AwsResponse<IAMClient>> {
    const identity = await identityOf(own)
    if ('failure' in identity) return identity
    if (identity.partition !== partition) {
      return failed(
        'not-ours',
        `partition ${partition} differs from that of irsa-guard's credentials (${identity.partition})`
      )
    }
    if (identity.account !== account) {
      return failed(
        'not-ours',
        `account ${account} differs from that of irsa-guard's credentials (${identity.account}), and the config names no role to read it with`
      )
    }

    return { answer: own.iam }
  }

  async function identityOf(own: Own): Promise<Identity | { failure: Failure }> {
    own.identity ??= readIdentity(own.sts) // credentials are renewed, but their account stays the same
    const identity = await own.identity
    if ('failure' in identity) own.identity = undefined

    return identity
  }

  async function readIdentity(sts: STSClient): Promise<Identity | { failure: Failure }> {
    const call = 'sts:GetCallerIdentity'
    let reply: Identity | { failure: Failure }
    try {
      const { Account, Arn } = await sts.send(new GetCallerIdentityCommand({}))
      reply =
        Account === undefined || Arn === undefined
          ? failed('error', `STS answered ${call} without an account; check for a proxy in between`)
          : { account: Account, partition: Arn.split(':')[1] ?? '' }
    } catch (error) {
      reply = failureOf(error, call)
    }
    onRequest('GetCallerIdentity', 'failure' in reply ? reply.failure.kind : 'found')

    return reply
  }

  async function otherClient(own: Own, roleArn: string): Promise<AwsResponse<IAMClient>> {
    const client = others.get(roleArn) ?? buildClient(own.region, assume(own, roleArn))
    others.set(roleArn, client)
    try {
      await client.config.credentials() // the client caches them until shortly before they expire
    } catch (error) {
      return failureOf(error, `sts:AssumeRole for ${roleArn}`)
    }

    return { answer: client }
  }

  function assume({ iam, region }: Own, roleArn: string): ReturnType<typeof fromTemporaryCredentials> {
    const provider = fromTemporaryCredentials({
      params: { RoleArn: roleArn, RoleSessionName: 'irsa-guard' },
      masterCredentials: iam.config.credentials,
      clientConfig: { ...settings, region }
    })

    return async () => {
      try {
        const credentials = await provider()
        onRequest('AssumeRole', 'found')
        return credentials
      } catch (error) {
        const { failure } = failureOf(error, 'sts:AssumeRole')
        onRequest('AssumeRole', failure.kind)
        throw error
      }
    }
  }
}

/**
 * The settings of all AWS clients. During a review, the SDK makes one attempt: a retry is another request,
 * which the budget must permit. Without timeouts, the SDK waits for minutes.
 */
export const clientSettings = (patient: boolean) => ({
  maxAttempts: patient ? 5 : 1,
  requestHandler: {
    connectionTimeout: patient ? 5_000 : 500,
    requestTimeout: patient ? 10_000 : 1_000,
    socketTimeout: patient ? 10_000 : 1_000, // for a response that starts but does not end
    throwOnRequestTimeout: true
  }
})

function readerOf(account: string, roleArn: string): RoleArn {
  const role = parseRoleArn(roleArn)
  if (role?.account === account) return role

  throw new GuardError(
    'ERR_CONFIG',
    `iam.accounts: the role for account ${account} is ${JSON.stringify(roleArn)}; expected the ARN of a role of that account`
  )
}
