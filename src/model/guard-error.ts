/** Reasons why irsa-guard itself cannot do its work (setup, command line, input), as opposed to findings about an object. Each code has one cause and one fix. */
export type GuardErrorCode =
  | 'ERR_CONFIG'
  | 'ERR_INPUT'
  | 'ERR_IAM_SNAPSHOT'
  | 'ERR_KUBECONFIG'
  | 'ERR_OUTPUT'
  | 'ERR_SERVING_CERT'
  | 'ERR_USAGE'

/**
 * Thrown if irsa-guard itself cannot work, for example because of an invalid argument or configuration file.
 */
export class GuardError extends Error {
  readonly code: GuardErrorCode

  constructor(code: GuardErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'GuardError'
    this.code = code
  }
}
