/** What is wrong with our own set-up (not with a user's object): each code has one cause and one fix. */
export type GuardErrorCode =
  'ERR_CONFIG' | 'ERR_INPUT' | 'ERR_IAM_SNAPSHOT' | 'ERR_KUBECONFIG' | 'ERR_SERVING_CERT' | 'ERR_USAGE'

/** The one error class: thrown when the guard itself cannot work; caught only by the command that runs. */
export class GuardError extends Error {
  readonly code: GuardErrorCode

  constructor(code: GuardErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'GuardError'
    this.code = code
  }
}
