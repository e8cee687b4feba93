import { GuardError } from '../../model/guard-error.js'
import { isObjectName } from '../../model/object-name.js'
import { parseWorkloadKind, type WorkloadKind, workloadKindNames } from '../../model/workload-kind.js'
import { quote } from '../../text/escape.js'
import { assertNamespace } from './given-names.js'

/** An object that a command is about. */
export interface ObjectReference {
  readonly kind: WorkloadKind
  readonly namespace: string
  readonly name: string
}

/**
 * The object that `KIND/NAME` or `KIND NAME` names, in the namespace of `-n NAMESPACE`. Without `-n`, the
 * namespace is that of the kubeconfig's context, as in kubectl. Throws ERR_USAGE.
 */
export function parseObjectReference(
  given: readonly string[],
  namespace: string | undefined,
  contextNamespace: string | undefined
): ObjectReference {
  assertNamespace(namespace)
  const text = given.join('/')
  const [kindText = '', name = '', ...others] = text.split('/')
  if (name === '' || others.length > 0)
    throw new GuardError('ERR_USAGE', `${quote(given.join(' '))} names no object; expected KIND/NAME`)
  const kind = parseWorkloadKind(kindText)
  if (kind === undefined)
    throw new GuardError(
      'ERR_USAGE',
      `${quote(kindText)} is not a kind that has an AWS identity; expected one of ${workloadKindNames.join(', ')}`
    )
  if (!isObjectName(name))
    throw new GuardError('ERR_USAGE', `${quote(name)} is not a valid name for a ${kind.kind}`)
  const where = namespace ?? contextNamespace
  if (where === undefined) throw new GuardError('ERR_USAGE', 'no namespace given; pass -n NAMESPACE')

  return { kind, namespace: where, name }
}
