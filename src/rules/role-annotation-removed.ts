import { escapeText } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const roleAnnotationRemoved = defineRule({
  id: 'role-annotation-removed',
  summary: 'An update removes the role annotation from a service account.',
  severity: 'warning',
  visibleIn: 'updates',
  on: ['ServiceAccount'],
  needs: ['identityWebhook'],
  check(account, { identityWebhook: { annotationNames } }) {
    const before = account.oldAnnotations?.[annotationNames['role-arn']]
    const now = account.annotations[annotationNames['role-arn']]
    if (typeof before !== 'string' || before === '' || (now !== undefined && now !== '')) return

    return {
      field: annotationField(annotationNames['role-arn']),
      message: `this update removes the role ${escapeText(before)}; new pods will run without it`,
      fix: `if this is not intended, restore the annotation ${annotationNames['role-arn']}`
    }
  }
})
