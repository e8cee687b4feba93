import { parseRoleArn } from '../model/role-arn.js'
import { textOf } from '../text/record.js'
import type { IdentityWebhookSettings } from './settings.js'

/** What pods of a service account are to get, by its annotations or by the identity webhook's ConfigMap. */
export interface RoleRequest {
  /** The ARN; of a bare name that the identity webhook makes an ARN of, only the end is known. */
  readonly role: string
  readonly isComposed: boolean
  /**
   * Undefined when the annotation is empty, or the ConfigMap names none: the token then gets the API server's
   * own audience.
   */
  readonly audience: string | undefined
}

/**
 * The role that a service account requests; undefined if it requests none, or something that is not a role,
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
    // Unlike an account's, it is not completed: https://github.com/aws/amazon-eks-pod-identity-webhook
    // (pkg/cache/cache.go)
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
