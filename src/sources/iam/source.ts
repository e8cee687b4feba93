import {
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  type IAMClient,
  ListOpenIDConnectProvidersCommand
} from '@aws-sdk/client-iam'
import type {
  IamSource,
  ProviderLookup,
  ProviderQuestion,
  RoleListSource,
  RoleLookup
} from '../../facts/facts.js'
import { unknown } from '../../model/fact.js'
import { parseRoleArn, type RoleArn } from '../../model/role-arn.js'
import { providerArnOf } from '../../trust-policy/provider.js'
import { similarProviders } from '../iam-file/similar-providers.js'
import { type AccountsOptions, buildAccounts } from './accounts.js'
import { buildBudget } from './budget.js'
import { buildCachedReader, type Lifetime } from './cached-reader.js'
import { type Clock, systemClock } from './clock.js'
import { type AwsResponse, type Failure } from './failure.js'
import { listRoles } from './list-roles.js'
import { buildIamSender, type Sent } from './send.js'
import { withIn } from './within.js'

export interface IamSourceOptions extends Partial<AccountsOptions> {
  /** The maximum number of IAM requests per second: 5 by default, and at least 10 if `patient`. */
  readonly requestsPerSecond?: number
  readonly clock?: Clock
  /** The maximum age, in milliseconds, of a cached response if a fresh one is required: ten seconds by default. */
  readonly freshFor?: number
  /** Called for each lookup that fails, with the role or provider that it was about. */
  readonly onFailure?: (failure: Failure, of: RoleArn | ProviderQuestion) => void
}

// The minimum rate while a user is waiting for the result of a command. Twice the default rate of `serve` is
// still far below the limit of an account.
const patientRate = 10

/** The queue for list requests, under a name that no namespace can have. */
const listing = ' '

/**
 * Builds the source of IAM facts that queries the API. Responses are cached, and one rate limit is shared
 * fairly between namespaces. Credentials, region and endpoint come from the SDK's default chain and
 * environment. The function sends no request. Throws ERR_CONFIG if the role configured for an account belongs
 * to a different account.
 */
export function buildIamSource(options: IamSourceOptions): IamSource & RoleListSource {
  const {
    requestsPerSecond = 5,
    clock = systemClock,
    freshFor = 10_000,
    patient = false,
    accounts = [],
    onRequest = () => undefined,
    onFailure = () => undefined
  } = options
  const accountClients = buildAccounts({ endpoint: options.endpoint, accounts, patient, onRequest })
  const send = buildIamSender(onRequest)
  const rate = patient ? Math.max(requestsPerSecond, patientRate) : requestsPerSecond
  const budget = buildBudget({
    requestsPerSecond: rate,
    // A review waits only until its deadline, so a longer queue would be useless.
    waitingPerNamespace: patient ? Infinity : 100,
    clock
  })
  const cache = { budget, clock, freshFor, maxEntries: 10_000, lifetimeOf }

  const roles = buildCachedReader<RoleArn, RoleLookup>({
    ...cache,
    // The key is case-sensitive. It is not documented whether GetRole finds a name in a different case, so
    // each spelling is cached separately.
    keyOf: ({ partition, account, name }) => `${partition} ${account} ${name}`,
    read: (arn, another) => answered(arn, (client) => readRole(client, arn, another))
  })
  const providers = buildCachedReader<ProviderQuestion, ProviderLookup>({
    ...cache,
    keyOf: ({ partition, account, issuer }) => `${partition} ${account} ${issuer}`,
    read: (of, another) => answered(of, (client) => readProvider(client, of, another))
  })

  return {
    readRole: roles,
    readProvider: (of, ask) => {
      if (!of.issuer.startsWith('https://')) return unknown('the issuer of the cluster is not an https URL')

      return providers(of, ask)
    },
    listRoles: async (partition) =>
      listRoles(partition, {
        accounts: accountClients,
        patient,
        send,
        another: () => budget.another(listing)
      })
  }

  async function answered<T>(
    of: RoleArn | ProviderQuestion,
    read: (client: IAMClient) => Promise<AwsResponse<T>>
  ): Promise<AwsResponse<T>> {
    const response = await withIn(patient, withClient(of, read))
    if ('failure' in response) onFailure(response.failure, of)

    return response
  }

  async function withClient<T>(
    of: RoleArn | ProviderQuestion,
    read: (client: IAMClient) => Promise<AwsResponse<T>>
  ): Promise<AwsResponse<T>> {
    const client = await accountClients.clientFor(of)

    return 'failure' in client ? client : read(client.answer)
  }

  async function readRole(
    client: IAMClient,
    arn: RoleArn,
    another: () => Promise<void>
  ): Promise<AwsResponse<RoleLookup>> {
    const get = (): Promise<Sent<RoleLookup>> =>
      send('iam:GetRole', another, async () => {
        const { Role: role } = await client.send(new GetRoleCommand({ RoleName: arn.name }))
        if (role?.Arn === undefined || parseRoleArn(role.Arn)?.account !== arn.account) return

        const trustPolicy = role.AssumeRolePolicyDocument
        return {
          exists: true,
          arn: role.Arn,
          ...(trustPolicy && { trustPolicy: { document: trustPolicy, encoding: 'url' } })
        }
      })
    const first = await get()
    if (first !== 'absent') return first

    // IAM is eventually consistent, and the role may have been created a second ago.
    await another()
    const second = await get()

    return second === 'absent' ? { answer: { exists: false } } : second
  }

  async function readProvider(
    client: IAMClient,
    of: ProviderQuestion,
    another: () => Promise<void>
  ): Promise<AwsResponse<ProviderLookup>> {
    const arn = providerArnOf(of.partition, of.account, of.issuer.slice('https://'.length))
    const get = (): Promise<Sent<ProviderLookup>> =>
      send('iam:GetOpenIDConnectProvider', another, async () => {
        const provider = await client.send(
          new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn })
        )
        if (provider.Url === undefined) return

        return { registered: true, arn, clientIds: provider.ClientIDList ?? [] }
      })
    const first = await get()
    if (first !== 'absent') return first

    await another()
    const listed = await send('iam:ListOpenIDConnectProviders', another, async () => {
      const { OpenIDConnectProviderList: list } = await client.send(new ListOpenIDConnectProvidersCommand({}))
      return list?.flatMap(({ Arn }) => (Arn === undefined ? [] : [Arn]))
    })
    // The list can contain a similar provider, which was probably meant, or show that the requested one exists
    // after all. Without the list, the requested provider counts as missing.
    const registered = listed !== 'absent' && 'answer' in listed ? listed.answer : []
    const absent = { answer: { registered: false, arn, similar: similarProviders(arn, registered) } } as const
    if (!registered.includes(arn)) return absent

    await another()
    const second = await get()

    return second === 'absent' ? absent : second
  }
}

const minute = 60_000

/**
 * How long a response is cached. Existing roles and providers rarely change, but a missing one may be created
 * at any time.
 */
function lifetimeOf(answer: RoleLookup | ProviderLookup): Lifetime {
  const found = 'exists' in answer ? answer.exists : answer.registered

  return found ? { good: 5 * minute, stale: 60 * minute } : { good: 10_000, stale: 10_000 }
}
