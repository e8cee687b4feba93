import type { Fact } from '../model/fact.js'

/** One line of the status: something about irsa-guard itself is right or wrong, or could not be determined. */
export interface Check {
  readonly check: CheckName
  readonly state: 'ok' | 'wrong' | 'unknown'
  readonly message: string
  /** The consequence or the cause of `message`. If `state` is `unknown`: why the check has no result. */
  readonly because?: string
  /** A command. */
  readonly fix?: string
}

export type CheckName =
  | 'installation'
  | 'serve'
  | 'controller'
  | 'config'
  | 'registration'
  | 'webhook-ca'
  | 'serving-certificate'
  | 'policies'
  | 'webhook-trust'
  | 'guarded-bundles'
  | 'self-test'
  | 'policy-test'
  | 'canary'
  | 'rights'
  | 'aws'
  | 'kubernetes'
  | 'policy-api'
  | 'webhook-admission'
  | 'permissions'
  | 'namespaces'
  | 'leftovers'
  | 'network-path'

/** An object as the API server returned it. */
export type LiveObject = Readonly<Record<string, unknown>>

/** What was read from the cluster, or why it could not be read. */
export type Reading<T> = Exclude<Fact<T>, { readonly state: 'moot' }>

/** The input that all checks of an installation share. */
export interface Installation {
  /** The namespace that irsa-guard is installed in. */
  readonly namespace: string
  /** `kubectl`, with the flags that choose the cluster. */
  readonly kubectl: string
  /** The flags with which irsa-guard reads the same cluster, with a leading space, or empty. */
  readonly clusterFlags: string
  readonly at: Date
}

/** The command that creates or restores every object. */
export const applyCommand = ({ kubectl }: Pick<Installation, 'kubectl'>): string =>
  `${kubectl} apply -k DIR   # DIR: the directory that irsa-guard was installed from`

/**
 * A check of something that could not be read. `right` holds the arguments for `kubectl auth can-i`; that command
 * is printed if the API server refused the request.
 */
export const unreadCheck = (
  check: CheckName,
  message: string,
  because: string,
  { kubectl, right }: { readonly kubectl: string; readonly right: string }
): Check => ({
  check,
  state: 'unknown',
  message,
  because,
  ...(/\b403\b|forbidden/.test(because) && { fix: `${kubectl} auth can-i ${right}` })
})
