import { parseRoleArn } from '../model/role-arn.js'
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
  const { annotationNames, defaultAudience, composeRoleArn, configured } = settings
  const annotated = textOf(account.annotations[annotationNames['role-arn']])
  if (annotated === undefined) {
    const entry =
      configured.get(`${account.namespace}/${account.name}`) ?? configured.get(`*/${account.name}`)
    // A missing audience in the ConfigMap does not get the default audience, unlike one on a service account:
    // https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/cache/cache.go)
    return entry && { role: entry.role, isComposed: false, audience: entry.audience }
  }
  const isComposed = composeRoleArn && !annotated.includes('arn:')
  if (!isComposed && parseRoleArn(annotated) === undefined) return undefined

  const audience = account.annotations[annotationNames.audience]
  return {
    role: annotated,
    isComposed,
    audience: audience === undefined ? defaultAudience : textOf(audience)
  }
}

/** Whether a container's role is the requested one. */
export const isRequested = (request: RoleRequest, role: string): boolean =>
  request.isComposed ? role.endsWith(`:role/${request.role}`) : role === request.role
