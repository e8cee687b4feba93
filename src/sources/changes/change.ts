import { recordOf, textOf } from '../../text/record.js'

/**
 * A change in AWS, according to a CloudTrail event. It decides only what is read again: nothing else in the
 * event is used, and no fact comes from it.
 */
export type Change = RoleChange | ProviderChange | AssociationChange

interface ChangeIn {
  /** The account in which it happened. */
  readonly account: string
  /** When the call ended, in milliseconds since 1970. CloudTrail's precision is one second. */
  readonly at: number
}

export interface RoleChange extends ChangeIn {
  readonly kind: 'role'
  readonly name: string
}

export interface ProviderChange extends ChangeIn {
  readonly kind: 'provider'
  /** The issuer without `https://`; undefined if the event does not name it. */
  readonly issuer: string | undefined
}

export interface AssociationChange extends ChangeIn {
  readonly kind: 'association'
  readonly region: string
  /** The name of the cluster; undefined if the event does not name it. */
  readonly cluster: string | undefined
  /** The ID of the association; undefined if the event does not name it. */
  readonly id: string | undefined
}

/** Why an event is not a change: it cannot be read, it is about another call, or the call failed. */
export type NoChange = 'malformed' | 'other-event' | 'failed-call'

/** What a change leads to: something is read again (`used`), or the reason why nothing is. */
export type Noted =
  | 'used'
  /** It is already due to be read again. */
  | 'duplicate'
  /** It was read again after the change. */
  | 'outdated'
  /** The cluster does not use it. */
  | 'unrelated'

/** How long to wait after a change before reading again, so that a series of changes causes one read. */
export const settleTime = 5_000

/**
 * The time after a change, in milliseconds, until every read shows it. IAM is eventually consistent, and AWS
 * names no limit: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html. Delays of up to 30 s
 * have been observed: https://github.com/DataDog/stratus-red-team/pull/358.
 */
const visibleAfter = 30_000

/** Whether something was read late enough after a change to show it. */
export const isReadSince = (readAt: number, { at }: Pick<Change, 'at'>): boolean =>
  readAt >= at + visibleAfter

// EventBridge accepts events of up to 256 KB; those about roles, providers and associations take a few KB:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
const longestEvent = 262_144

const kinds: Readonly<Record<string, Change['kind']>> = {
  'iam.amazonaws.com CreateRole': 'role',
  'iam.amazonaws.com DeleteRole': 'role',
  'iam.amazonaws.com UpdateAssumeRolePolicy': 'role',
  'iam.amazonaws.com CreateOpenIDConnectProvider': 'provider',
  'iam.amazonaws.com DeleteOpenIDConnectProvider': 'provider',
  'iam.amazonaws.com AddClientIDToOpenIDConnectProvider': 'provider',
  'iam.amazonaws.com RemoveClientIDFromOpenIDConnectProvider': 'provider',
  'eks.amazonaws.com CreatePodIdentityAssociation': 'association',
  'eks.amazonaws.com UpdatePodIdentityAssociation': 'association',
  'eks.amazonaws.com DeletePodIdentityAssociation': 'association'
}

/**
 * Parses an event that EventBridge delivers from CloudTrail. The change's time is capped at `now`. Never
 * throws.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 *
 * AWS documents the fields of a record, but not what `requestParameters` holds for each call. `roleName` is in
 * published records. The names of the other parameters are unverified: without them, all providers of the
 * account are read again, or the associations are listed again.
 */
export function parseChange(text: string, now: number): Change | NoChange {
  const event = parseObject(text)
  const detail = recordOf(event?.['detail'])
  const [source, call] = [textOf(detail['eventSource']), textOf(detail['eventName'])]
  if (event === undefined || source === undefined || call === undefined) return 'malformed'
  const name = `${source} ${call}`
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (kind === undefined) return 'other-event'
  if (detail['errorCode'] !== undefined && detail['errorCode'] !== null) return 'failed-call'

  const account = textOf(detail['recipientAccountId']) ?? textOf(event['account']) ?? ''
  const at = Date.parse(textOf(detail['eventTime']) ?? textOf(event['time']) ?? '')
  if (!/^\d{12}$/.test(account) || Number.isNaN(at)) return 'malformed'
  const change = { account, at: Math.min(at, now) }
  const parameters = recordOf(detail['requestParameters'])
  if (kind === 'role') {
    const name = textOf(parameters['roleName'])
    return name === undefined ? 'malformed' : { ...change, kind, name }
  }
  if (kind === 'provider') return { ...change, kind, issuer: issuerOf(parameters) }
  const region = textOf(detail['awsRegion']) ?? textOf(event['region'])
  if (region === undefined) return 'malformed'
  const created = recordOf(recordOf(detail['responseElements'])['association'])

  return {
    ...{ ...change, kind, region },
    cluster: textOf(parameters['clusterName']) ?? textOf(parameters['name']),
    id: textOf(parameters['associationId']) ?? textOf(created['associationId'])
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.length > longestEvent) return undefined
  try {
    return recordOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

function issuerOf(parameters: Readonly<Record<string, unknown>>): string | undefined {
  const url = textOf(parameters['url'])
  const arn = textOf(parameters['openIDConnectProviderArn'])

  return url?.replace(/^https:\/\//, '') ?? arn?.replace(/^[^/]*\//, '')
}
