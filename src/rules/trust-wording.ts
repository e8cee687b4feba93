import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { Problem } from '../model/finding.js'
import { parseRoleArn } from '../model/role-arn.js'
import type { ServiceAccountSubject } from '../model/subject.js'
import { quote } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import type { FailedCondition } from '../trust-policy/miss.js'

/** A problem with the trust policy of the requested role. Its field is the annotation. */
export const trustProblem = (
  { annotationNames }: IdentityWebhookSettings,
  message: string,
  fix: string
): Problem => ({
  field: annotationField(annotationNames['role-arn']),
  message,
  fix
})

/**
 * The role at the start of a message, by name. A policy that is judged without a service account has no role
 * name.
 */
export function roleNamed(
  { annotations }: ServiceAccountSubject,
  { annotationNames }: IdentityWebhookSettings
): string {
  const value = annotations[annotationNames['role-arn']]
  const arn = typeof value === 'string' ? parseRoleArn(value) : undefined

  return arn === undefined ? 'the role' : `role ${arn.name}`
}

/** The first few values, quoted, and the number of the others. */
export function valuesShown(values: readonly string[], limit = 3): string {
  const shown = values.slice(0, limit).map(quote)
  if (values.length > limit) shown.push(`${values.length - limit} more`)

  return shown.length === 0 ? 'nothing' : shown.join(' or ')
}

/** Describes what one condition requires, what the request has, and which part differs. */
function conditionShown({ operator, key, wanted, actual, isAbsent, difference }: FailedCondition): string {
  const holder = /:(?:sub|aud)$/i.test(key) ? 'the token' : 'the request'
  const open = isAbsent ? ', but the request has no such key' : ', which no request satisfies'
  const has = actual === undefined ? open : `, but ${holder} has ${quote(actual)}`

  return `${operator} ${quote(key)} requires ${valuesShown(wanted)}${has}${difference === undefined ? '' : `: ${difference}`}`
}

/** Describes the deciding condition and the others that fail. */
export const conditionsShown = (failed: readonly FailedCondition[]): string =>
  [
    ...failed.slice(0, 4).map(conditionShown),
    ...(failed.length > 4 ? [`${failed.length - 4} more conditions fail`] : [])
  ].join('; also ')
