import { GuardError } from '../../model/guard-error.js'
import { isNamespaceName, isObjectName } from '../../model/object-name.js'
import { closestTo } from '../../text/closest.js'
import { quote } from '../../text/escape.js'

/** Rejects a namespace that cannot exist. Throws ERR_USAGE. */
export function assertNamespace(namespace: string | undefined): void {
  if (namespace === undefined || isNamespaceName(namespace)) return

  const meant =
    namespace.startsWith('=') && isNamespaceName(namespace.slice(1))
      ? `; write -n ${namespace.slice(1)}, or --namespace${namespace}`
      : ''
  throw new GuardError(
    'ERR_USAGE',
    `--namespace is ${quote(namespace)}; expected a namespace name: at most 63 characters from a-z, 0-9 and "-", starting and ending with a letter or digit${meant}`
  )
}

/**
 * The service account that `source` names: NAMESPACE/NAME, or NAME with `-n NAMESPACE`. The namespace is
 * never guessed, because with a wrong guess, a corrected policy would let a different service account use the
 * role. Throws ERR_USAGE.
 */
export function accountGiven(
  given: { readonly namespace?: string | undefined; readonly serviceAccount: string },
  source = '--service-account'
): { namespace: string; serviceAccount: string } {
  assertNamespace(given.namespace)
  const slash = given.serviceAccount.indexOf('/')
  const named = slash < 0 ? undefined : given.serviceAccount.slice(0, slash)
  const serviceAccount = given.serviceAccount.slice(slash + 1)
  if (named !== undefined && !isNamespaceName(named))
    throw new GuardError(
      'ERR_USAGE',
      `${source} is ${quote(given.serviceAccount)}; expected NAME, or NAMESPACE/NAME`
    )
  assertServiceAccount(serviceAccount, source)
  if (named !== undefined && given.namespace !== undefined && named !== given.namespace)
    throw new GuardError(
      'ERR_USAGE',
      `--namespace is ${quote(given.namespace)}, but ${source} names the namespace ${quote(named)}; pass only one of them`
    )
  const namespace = named ?? given.namespace
  if (namespace === undefined)
    throw new GuardError(
      'ERR_USAGE',
      'the namespace of the service account is not given; pass -n NAMESPACE, or NAMESPACE/NAME'
    )

  return { namespace, serviceAccount }
}

/** Rejects a service account that cannot exist. Throws ERR_USAGE. */
function assertServiceAccount(name: string, source: string): void {
  if (isObjectName(name)) return

  throw new GuardError(
    'ERR_USAGE',
    `${source} is ${quote(name)}; expected a service account name: at most 253 characters from a-z, 0-9, "-" and ".", each part between dots starting and ending with a letter or digit`
  )
}

/** Rejects a rule that does not exist. Throws ERR_USAGE. */
export function assertRules(given: readonly string[], ids: readonly string[]): void {
  for (const id of given.filter((id) => !ids.includes(id))) {
    const meant = closestTo(id, ids)
    throw new GuardError(
      'ERR_USAGE',
      `--rule is ${quote(id)}; ${meant === undefined ? 'there is no such rule, and docs/rules/README.md lists them all' : `did you mean ${meant}?`}`
    )
  }
}
