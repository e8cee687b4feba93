import { type IAMClient, ListRolesCommand } from '@aws-sdk/client-iam'
import type { ListedRole, RoleList } from '../../facts/facts.js'
import type { Accounts } from './accounts.js'
import { type AwsResponse, failed } from './failure.js'
import type { IamSender } from './send.js'
import { withIn } from './within.js'

export interface ListRolesContext {
  readonly accounts: Accounts
  /** Whether a user is waiting for the result of a command. */
  readonly patient: boolean
  readonly send: IamSender
  /** Waits until one more request may be sent. */
  readonly another: () => Promise<void>
}

/** IAM returns at most 1,000 roles in a page. With their trust policies, 200 roles take up to 2 MB. */
const pageSize = 200
/** An account can have 5,000 roles, or more if AWS raises its quota. */
const maxPages = 1000

/**
 * Lists the roles of our own account and of the accounts with a configured role, one account after the other.
 * Never rejects.
 */
export async function listRoles(partition: string, context: ListRolesContext): Promise<RoleList> {
  const { accounts, patient } = context
  const readable = await accounts.readable(partition)
  const roles: ListedRole[] = []
  const unread = readable.failure === undefined ? [] : [readable.failure.because]
  for (const account of readable.accounts) {
    const client = await accounts.clientFor({ account, partition })
    const listed =
      'failure' in client ? client : await withIn(patient, listAccount(client.answer, account, context))
    if ('failure' in listed) unread.push(`account ${account}: ${listed.failure.because}`)
    else roles.push(...listed.answer)
  }

  return { roles, unread }
}

/**
 * Lists the roles of one account. The list contains the trust policies, percent-encoded:
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
 */
async function listAccount(
  client: IAMClient,
  account: string,
  { send, another }: ListRolesContext
): Promise<AwsResponse<readonly ListedRole[]>> {
  const call = 'iam:ListRoles'
  const roles: ListedRole[] = []
  const markers = new Set<string>()
  let marker: string | undefined
  do {
    await another()
    const page = await send(call, another, async () => {
      const { Roles, IsTruncated, Marker } = await client.send(
        new ListRolesCommand({ MaxItems: pageSize, ...(marker !== undefined && { Marker: marker }) })
      )
      if (Roles?.every(({ Arn }) => Arn?.split(':')[4] === account) !== true) return undefined
      if (IsTruncated === true && Marker === undefined) return undefined

      return { Roles, next: IsTruncated === true ? Marker : undefined }
    })
    if (page === 'absent') return failed('error', `IAM gave no usable answer to ${call}`)
    if ('failure' in page) return page
    for (const { Arn: arn = '', AssumeRolePolicyDocument: document } of page.answer.Roles)
      roles.push({
        exists: true,
        arn,
        ...(document !== undefined && { trustPolicy: { document, encoding: 'url' } })
      })
    marker = page.answer.next
    if (marker === undefined) return { answer: roles }
    if (markers.has(marker)) break
    markers.add(marker)
  } while (markers.size < maxPages)

  return failed('error', `IAM did not end the list of roles (${call}); check for a proxy in between`)
}
