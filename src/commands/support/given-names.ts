import { GuardError } from '../../model/guard-error.js'
import { isNamespaceName, isObjectName } from '../../model/object-name.js'
import { quote } from '../../text/escape.js'

/** Refuses a namespace that cannot exist. Throws ERR_USAGE. */
export function assertNamespace(namespace: string | undefined): void {
  if (namespace === undefined || isNamespaceName(namespace)) return

  const meant =
    namespace.startsWith('=') && isNamespaceName(namespace.slice(1))
      ? `; write -n ${namespace.slice(1)}, or --namespace${namespace}`
      : ''
  throw new GuardError(
    'ERR_USAGE',
    `--namespace is ${quote(namespace)}; expected a namespace name: at most 63 of a-z, 0-9 and "-", starting and ending with a letter or digit${meant}`
  )
}

/** Refuses a service account that cannot exist. Throws ERR_USAGE. */
export function assertServiceAccount(name: string): void {
  if (isObjectName(name)) return

  throw new GuardError(
    'ERR_USAGE',
    `--service-account is ${quote(name)}; expected a service account name: at most 253 of a-z, 0-9, "-" and ".", each part between dots starting and ending with a letter or digit`
  )
}
