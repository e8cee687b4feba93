import { parseRoleArn } from '../model/role-arn.js'
import { closestTo } from '../text/closest.js'
import { quote } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const roleAnnotationMisspelt = defineRule({
  id: 'role-annotation-misspelt',
  summary: 'The role ARN is under an annotation key that is misspelled or belongs to kube2iam.',
  severity: 'warning',
  on: ['ServiceAccount'],
  needs: ['identityWebhook'],
  concerns: ({ annotations }) => Object.keys(annotations).length > 0,
  check({ annotations }, { identityWebhook: { annotationNames } }) {
    const right = annotationNames['role-arn']
    if (annotations[right] !== undefined) return // a misspelled key does no harm if the correct one is also set
    const plain = normalised(right)
    const key = Object.keys(annotations).find((key) => isMeant(key, annotations[key], plain))
    if (key === undefined) return

    return {
      field: annotationField(key),
      message: `the identity webhook does not read ${quote(key)}; did you mean ${right}?`,
      fix:
        key === kube2iamKey
          ? `for IRSA, write ${right} with the full ARN of the role; if you use kube2iam or kiam, do nothing`
          : `write ${right}`
    }
  }
})

/**
 * The annotation of kube2iam (https://github.com/jtblin/kube2iam) and kiam. They read it from pods, so it has
 * no effect on a service account.
 */
const kube2iamKey = 'iam.amazonaws.com/role'

function isMeant(key: string, value: unknown, right: string): boolean {
  if (key === kube2iamKey) return true
  if (/^ignore\.irsa-guard\.io\//.test(key)) return false
  const found = normalised(key)
  if (closestTo(found, [right]) !== undefined) return true
  if (typeof value !== 'string' || parseRoleArn(value.trim()) === undefined) return false

  // A key that differs by more than a typo counts only if it mentions AWS and a role, and its value is a role
  // ARN.
  const [domain = '', name = ''] = found.split('/')
  return /amazon|aws|\beks\b/.test(domain) && /^(?:iam|eks)?role(?:arn|name)?$|^arn$/.test(name)
}

const normalised = (key: string): string => key.toLowerCase().replaceAll(/[-_\s]/g, '')
