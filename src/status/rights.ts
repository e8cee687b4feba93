import { isRecord, listOf, recordOf } from '../text/record.js'
import { applyCommand, type Check, type Installation, type LiveObject, type Reading } from './check.js'
import { kindOf, nameOf, namespaceOf, shippedOfKind } from './shipped.js'

/** One permission of a service account of irsa-guard, in the form that an access review takes. */
export interface ShippedRight {
  readonly account: string
  readonly attributes:
    | {
        readonly resourceAttributes: {
          readonly verb: string
          readonly group: string
          readonly resource: string
          readonly subresource?: string
          readonly name?: string
          readonly namespace?: string
        }
      }
    | { readonly nonResourceAttributes: { readonly verb: string; readonly path: string } }
  /** Whether docs/rights.md says that the permission can be removed. */
  readonly isOptional: boolean
}

/** Every permission in manifests/, with one entry for each verb, resource and name. */
export function shippedRightsOf(objects: readonly LiveObject[]): readonly ShippedRight[] {
  const bindings = [...shippedOfKind(objects, 'ClusterRoleBinding'), ...shippedOfKind(objects, 'RoleBinding')]

  return bindings.flatMap((binding) => {
    const { kind, name } = recordOf(binding['roleRef'])
    const namespace = namespaceOf(binding)
    const role = objects.find(
      (object) =>
        kindOf(object) === kind &&
        nameOf(object) === name &&
        namespaceOf(object) === (kind === 'Role' ? namespace : undefined)
    )
    const rules = listOf(role?.['rules']).filter(isRecord)

    return listOf(binding['subjects'])
      .filter(isRecord)
      .flatMap((subject) => rules.flatMap((rule) => rightsIn(rule, String(subject['name']), namespace)))
  })
}

function rightsIn(rule: LiveObject, account: string, namespace: string | undefined): ShippedRight[] {
  const verbs = textsOf(rule['verbs'])
  const names = textsOf(rule['resourceNames'])
  const paths = textsOf(rule['nonResourceURLs']).flatMap((path) =>
    verbs.map((verb): ShippedRight => ({
      account,
      attributes: { nonResourceAttributes: { verb, path } },
      isOptional: false
    }))
  )
  const each = names.length === 0 ? [undefined] : names

  return [
    ...paths,
    ...textsOf(rule['resources']).flatMap((full) =>
      verbs.flatMap((verb) =>
        each.map((name): ShippedRight => {
          const [resource = '', subresource] = full.split('/')
          const group = listOf(rule['apiGroups']).map(String)[0] ?? ''
          return {
            account,
            attributes: {
              resourceAttributes: {
                verb,
                group,
                resource,
                ...(subresource !== undefined && { subresource }),
                ...(name !== undefined && { name }),
                ...(namespace !== undefined && { namespace })
              }
            },
            isOptional: group === 'cert-manager.io' || (name !== undefined && optionalNames.has(name))
          }
        })
      )
    )
  ]
}

// docs/rights.md: the permissions for these objects can be removed. irsa-guard then knows less about
// webhooks, and says so.
const optionalNames: ReadonlySet<string> = new Set([
  'openshift-service-ca.crt',
  'pod-identity-webhook',
  'amazon-eks-pod-identity-webhook'
])

const textsOf = (value: unknown): string[] => listOf(value).filter((text) => typeof text === 'string')

/** Whether a permission serves only to issue certificates, which the controller does only if `tls.managed` is true. */
export const isForCertificates = ({ attributes }: ShippedRight): boolean =>
  'resourceAttributes' in attributes && attributes.resourceAttributes.resource === 'secrets'

/** Whether both service accounts have the permissions that they need. */
export function judgeRights(
  answers: readonly { readonly right: ShippedRight; readonly isAllowed: Reading<boolean> }[],
  installation: Installation
): Check {
  const check = 'rights'
  const refused = answers.filter(({ isAllowed }) => isAllowed.state === 'known' && !isAllowed.value)
  const lacking = refused.filter(({ right }) => !right.isOptional)
  if (lacking.length > 0) {
    const shown = lacking.slice(0, 3).map(({ right }) => rightText(right))
    const more = lacking.length > 3 ? ` and ${lacking.length - 3} more` : ''
    return {
      check,
      state: 'wrong',
      message: `missing: ${shown.join('; ')}${more}`,
      because: 'docs/rights.md says what each permission is for',
      fix: applyCommand(installation)
    }
  }
  const [unread] = answers.flatMap(({ isAllowed }) =>
    isAllowed.state === 'unknown' ? [isAllowed.because] : []
  )
  if (unread !== undefined) {
    return {
      check,
      state: 'unknown',
      message: 'the permissions of the service accounts could not be checked',
      because: unread,
      fix: `${installation.kubectl} auth can-i create subjectaccessreviews.authorization.k8s.io`
    }
  }
  const removed = refused.length === 0 ? '' : `, without ${refused.length} that are optional`

  return {
    check,
    state: 'ok',
    message: `both service accounts have their ${answers.length} permissions${removed}`
  }
}

function rightText({ account, attributes }: ShippedRight): string {
  if ('nonResourceAttributes' in attributes) {
    const { verb, path } = attributes.nonResourceAttributes
    return `${account} may not ${verb} ${path}`
  }
  const { verb, group, resource, subresource, name, namespace } = attributes.resourceAttributes
  const full = `${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`

  return `${account} may not ${verb} ${full}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`
}

/** The user of a service account and its groups: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#service-account-tokens */
export const userOf = (account: string, namespace: string): { user: string; groups: string[] } => ({
  user: `system:serviceaccount:${namespace}:${account}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated']
})
