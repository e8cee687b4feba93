/** What a row of a preflight is about. */
export type PreflightSubject =
  | 'eks'
  | 'published-cas'
  | 'webhook-trust'
  | 'webhook'
  | 'api-service'
  | 'crd-conversion'
  | 'kubeconfig'
  | 'node'
  | 'pods'
  | 'role'

/**
 * The state of one thing. `ok`: a rotation of the cluster CA does not break it. `lacks`: it lacks a CA that
 * signs now or next. `unknown`: that could not be determined.
 */
export type PreflightState = 'ok' | 'lacks' | 'unknown'

/** One thing that trusts the cluster CA, or might trust it. */
export interface PreflightRow {
  readonly subject: PreflightSubject
  /** The name of the thing, such as `MutatingWebhookConfiguration a, webhook b.example.com`. */
  readonly name: string
  readonly state: PreflightState
  /** The reason for the state, and its consequence, on one line. */
  readonly message: string
  /** What a rollback would break, on one line; undefined if nothing, or if no rollback is possible. */
  readonly rollback?: string | undefined
  /** The command that shows whether the user has the missing permission. */
  readonly check?: string | undefined
}

/** The steps that prepare a cluster for the activation of the successor, in order. */
export const preflightSteps = [
  'wait',
  'injector',
  'bundles',
  'kubeconfigs',
  'nodes',
  'pods',
  'activation',
  'check',
  'deletion'
] as const

/** One step: what to do, and the commands that do it. */
export interface PreflightStep {
  readonly step: (typeof preflightSteps)[number]
  readonly message: string
  /** Advice where no command can be printed. */
  readonly notes: readonly string[]
  /** Commands for a POSIX shell, to be run in this order. */
  readonly commands: readonly string[]
}

/** A row, and what to do about it. */
export interface JudgedRow {
  readonly row: PreflightRow
  readonly fix?: PreflightFix | undefined
}

/** What to do about a row: a command, or advice if no command can be printed. */
export type PreflightFix = { readonly step: PreflightStep['step'] } & (
  | { readonly command: string; readonly advice?: undefined }
  | { readonly advice: string; readonly command?: undefined }
)

/** When the cluster began to hand out the newest CA, and how that is known. */
export interface Appended {
  readonly at: Date
  /** The source of the time, for messages. */
  readonly source: string
}
