import { type Container, type Variable, variableOf } from '../model/pod.js'
import { defineRule } from './define-rule.js'

export const staticCredentialsShadowRole = defineRule({
  id: 'static-credentials-shadow-role',
  summary: 'A container sets an access key, which AWS SDKs prefer over the role.',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['podRole'],
  concerns: ({ pod }) => pod.containers.some((container) => accessKeyOf(container) !== undefined),
  check(_subject, { podRole: { request, containers } }) {
    return containers.flatMap(({ container }) => {
      const key = accessKeyOf(container)
      if (key === undefined) return []

      return [
        {
          field: key.field,
          message: `container ${container.name} sets ${key.name}, so AWS SDKs use that access key instead of role ${request.role}`,
          fix: 'remove AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the container, or the role from its service account'
        }
      ]
    })
  }
})

/**
 * The access key counts only with its secret:
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
function accessKeyOf(container: Container): Variable | undefined {
  const key = variableOf(container, 'AWS_ACCESS_KEY_ID')
  const secret = variableOf(container, 'AWS_SECRET_ACCESS_KEY')

  return key?.value === '' || secret === undefined || secret.value === '' ? undefined : key
}
