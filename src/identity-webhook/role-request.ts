import { longestRoleArn, parseRoleArn } from '../model/role-arn.js'
import { textOf } from '../text/record.js'
import type { IdentityWebhookSettings } from './settings.js'

/**
 * The role and audience that pods of a service account are expected to get, from its annotations or from the
 * identity webhook's ConfigMap.
 */
export interface RoleRequest {
  /**
   * The ARN, or the bare name from which the identity webhook builds an ARN. In that case only the end of the
   * ARN is known.
   */
  readonly role: string
  readonly isComposed: boolean
  /**
   * Undefined if the annotation is empty or the ConfigMap names no audience. The token then gets the API
   * server's own audience.
   */
  readonly audience: string | undefined
}

/**
 * The role that a service account requests; undefined if it requests none, or if the value is not a role,
 * which other rules report.
 */
export function roleRequestOf(
  account: {
    readonly namespace: string
    readonly name: string
    readonly annotations: Readonly<Record<string, unknown>>
  },
  settings: IdentityWebhookSettings
): RoleRequest | undefined {
  const { annotationNames } = settings
  if (isConfiguredElsewhere(account.annotations, settings)) {
    const configured = settings.configured.state === 'known' ? settings.configured.value : undefined
    // An entry without a role ends the lookup, too. The default audience applies to service accounts without
    // the annotation, but not to entries without an audience:
    // https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/cache/cache.go)
    const entry =
      configured?.get(`${account.namespace}/${account.name}`) ?? configured?.get(`*/${account.name}`)
    return entry?.role === undefined
      ? undefined
      : { role: entry.role, isComposed: false, audience: entry.audience }
  }
  const role = account.annotations[annotationNames['role-arn']]
  if (typeof role !== 'string') return undefined
  const composed = composedArnOf(role, settings)
  if (parseRoleArn(composed ?? role) === undefined) return undefined

  return { role, isComposed: composed !== undefined, audience: audienceAsked(account.annotations, settings) }
}

/**
 * The role request for an annotation with a malformed ARN, so that other mistakes in the pod template can be
 * reported at the same time; undefined if the value is not a single word.
 */
export function malformedRequestOf(
  annotations: Readonly<Record<string, unknown>>,
  settings: IdentityWebhookSettings
): RoleRequest | undefined {
  const role = textOf(annotations[settings.annotationNames['role-arn']])?.trim()
  if (role === undefined || role.length > longestRoleArn || !/^[!-~]+$/.test(role)) return undefined

  return { role, isComposed: false, audience: audienceAsked(annotations, settings) }
}

function audienceAsked(
  annotations: Readonly<Record<string, unknown>>,
  { annotationNames, defaultAudience }: IdentityWebhookSettings
): string | undefined {
  const audience = annotations[annotationNames.audience]

  return audience === undefined ? defaultAudience : textOf(audience)
}

/** Whether the identity webhook looks up the role of an account with these annotations in its ConfigMap. */
export function isConfiguredElsewhere(
  annotations: Readonly<Record<string, unknown>>,
  settings: IdentityWebhookSettings
): boolean {
  const value = annotations[settings.annotationNames['role-arn']]

  return value === undefined || (textOf(value) === undefined && !settings.composeRoleArn)
}

/**
 * The ARN that an identity webhook with `--compose-role-arn` builds from an annotation, with a placeholder
 * for the account ID; undefined if it uses the annotation as it is. The identity webhook only checks whether
 * the value contains `arn:`: https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/cache/cache.go,
 * addSA)
 */
export const composedArnOf = (
  annotation: string,
  { composeRoleArn }: IdentityWebhookSettings
): string | undefined =>
  composeRoleArn && annotation.length <= longestRoleArn && !annotation.includes('arn:')
    ? `arn:aws:iam::111122223333:role/${annotation}`
    : undefined

/** Whether a container's role is the requested one. */
export const isRequested = (request: RoleRequest, role: string): boolean =>
  request.isComposed ? role.endsWith(`:role/${request.role}`) : role === request.role
