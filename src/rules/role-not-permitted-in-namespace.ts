import { hasAnnotationNamed } from '../identity-webhook/annotation-names.js'
import { allowedRolesAnnotation, isRoleAllowed } from '../model/namespace.js'
import { longestRoleArn, parseRoleArn } from '../model/role-arn.js'
import { quote } from '../text/escape.js'
import { annotationField, textOf } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const roleNotPermittedInNamespace = defineRule({
  id: 'role-not-permitted-in-namespace',
  summary:
    "The namespace's `irsa-guard.io/allowed-roles` annotation does not permit the role that the service account requests.",
  severity: 'error',
  waivable: false, // otherwise, users who can write service accounts could grant themselves any role
  on: ['ServiceAccount'],
  needs: ['namespace', 'identityWebhook'],
  concerns: ({ annotations }) => hasAnnotationNamed(annotations, 'role-arn'),
  check({ namespace: name, annotations }, { namespace, identityWebhook: { annotationNames } }) {
    const key = annotationNames['role-arn']
    const role = textOf(annotations[key])
    // A string that is too long for a role ARN is not a role; role-arn-malformed reports it.
    if (role === undefined || role.length > longestRoleArn || isRoleAllowed(namespace, role)) return
    // A string that is not an ARN gives pods no role. A bare name is the exception, because the identity
    // webhook can be configured to build an ARN from it.
    if (parseRoleArn(role) === undefined && role.includes('arn:')) return

    return {
      field: annotationField(key),
      message: `namespace ${name} is not allowed to use role ${quote(role)}: its annotation ${allowedRolesAnnotation} allows ${shown(namespace.allowedRoles ?? [])}`,
      fix: `use a role that the annotation allows, or have the owner of the namespace add this role to ${allowedRolesAnnotation}`
    }
  }
})

function shown(globs: readonly string[]): string {
  if (globs.length === 0) return 'none'
  const more = globs.length > maxShown ? ` and ${globs.length - maxShown} more` : ''

  return `${globs.slice(0, maxShown).map(quote).join(', ')}${more}`
}

const maxShown = 5
