import type { RequestResult } from './accounts.js'
import { type AwsResponse, failed, failureOf, isAbsentError, isPassing } from './failure.js'

/** IAM's response to a request; `absent` if it reported that the role or provider does not exist. */
export type Sent<T> = AwsResponse<T> | 'absent'

/**
 * Sends one request, and retries once if that may help. `another` waits until the rate limit allows one more request.
 * `run` returns undefined for an invalid response, such as a proxy's error page. Never rejects.
 */
export type IamSender = <T>(
  call: `iam:${string}`,
  another: () => Promise<void>,
  run: () => Promise<T | undefined>
) => Promise<Sent<T>>

/** Builds the sender. `onRequest` is called with the operation and the outcome of each request. */
export function buildIamSender(onRequest: (operation: string, result: RequestResult) => void): IamSender {
  return (call, another, run) => send(call, another, run)

  async function send<T>(
    call: `iam:${string}`,
    another: () => Promise<void>,
    run: () => Promise<T | undefined>,
    last = false
  ): Promise<Sent<T>> {
    const report = (result: RequestResult): void => onRequest(call.slice('iam:'.length), result)
    try {
      const answer = await run()
      report(answer === undefined ? 'error' : 'found')
      if (answer !== undefined) return { answer }

      return failed('error', `IAM answered ${call} without the requested data; check for a proxy in between`)
    } catch (error) {
      if (isAbsentError(error)) {
        report('absent')
        return 'absent'
      }
      const reply = failureOf(error, call)
      report(reply.failure.kind)
      if (last || !isPassing(error)) return reply
    }
    await another()

    return send(call, another, run, true)
  }
}
