import { roleRequestOf } from '../identity-webhook/role-request.js'
import { quote } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import { shellQuote } from '../text/shell.js'
import { defineRule } from './define-rule.js'

export const roleAnnotationMissing = defineRule({
  id: 'role-annotation-missing',
  summary: 'A role trusts exactly this service account, but the service account has no role annotation.',
  severity: 'warning',
  atAdmission: 'never', // the annotation is often added shortly afterwards
  on: ['ServiceAccount'],
  needs: ['rolesTrusting', 'neighbours', 'identityWebhook', 'chain'],
  check(account, { rolesTrusting, neighbours, identityWebhook, chain: { chain } }) {
    if (chain === 'pod-identity') return // the association needs no annotation

    const key = identityWebhook.annotationNames['role-arn']
    // A template that sets the role and the token itself needs no annotation, for example in a cluster
    // without an identity webhook.
    const [role, ...others] = neighbours.ownRoles.has(undefined)
      ? []
      : rolesTrusting.filter((role) => !neighbours.ownRoles.has(role))
    if (role === undefined || account.annotations[key] !== undefined) return
    if (roleRequestOf(account, identityWebhook) !== undefined) return

    const configured =
      identityWebhook.configured.state === 'unknown' ? " or the identity webhook's ConfigMap" : ''
    return {
      field: annotationField(key),
      message: `role ${quote(role)}${others.length === 0 ? '' : ` (and ${others.length} more)`} trusts exactly this service account, but the service account has no ${key} annotation`,
      fix: `kubectl annotate serviceaccount ${account.name} -n ${account.namespace} ${key}=${shellQuote(role)}; if pods get the role through EKS Pod Identity${configured}, do nothing`
    }
  }
})
