import { findContexts } from '../../kube/connect.js'
import { GuardError } from '../../model/guard-error.js'
import { closestTo } from '../../text/closest.js'
import { quote } from '../../text/escape.js'
import type { ClusterChoice } from './cluster.js'

/** Which contexts of the kubeconfig a command works on. */
export interface ContextsChoice extends Pick<ClusterChoice, 'kubeconfig'> {
  /** Names of contexts; each value can contain several names, separated by commas. */
  readonly context?: readonly string[] | undefined
  readonly allContexts?: boolean | undefined
}

/**
 * The contexts to use, without duplicates: the named ones, all of them, or the current one. Throws
 * ERR_KUBECONFIG if one does not exist, or if there is no kubeconfig.
 */
export function chooseContexts(choice: ContextsChoice, environment: NodeJS.ProcessEnv): string[] {
  const found = findContexts(choice, environment)
  if (found === undefined)
    throw new GuardError(
      'ERR_KUBECONFIG',
      'no cluster found: there is no --kubeconfig, no $KUBECONFIG, no pod token and no ~/.kube/config'
    )
  const { names, current } = found
  if (choice.allContexts === true) return [...names]
  if (choice.context === undefined) return [current]

  // The name of a context can contain a comma.
  const chosen = choice.context.flatMap((text) => (names.includes(text) ? text : text.split(',')))
  for (const name of chosen.filter((name) => !names.includes(name))) {
    const meant = closestTo(name, names)
    throw new GuardError(
      'ERR_KUBECONFIG',
      `the kubeconfig has no context ${quote(name)}; ${meant === undefined ? `its contexts are ${names.map(quote).join(', ')}` : `did you mean ${quote(meant)}?`}`
    )
  }

  return [...new Set(chosen)]
}
