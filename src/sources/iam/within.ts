import { type AwsResponse, failed } from './failure.js'

/** Adds a timeout for cases that no timeout of the SDK covers, such as credentials that never arrive. */
export async function withIn<T>(patient: boolean, reading: Promise<T>): Promise<T | AwsResponse<never>> {
  const seconds = patient ? 600 : 10
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<AwsResponse<never>>((resolve) => {
    timer = setTimeout(
      () => resolve(failed('timeout', `AWS did not answer within ${seconds} s`)),
      seconds * 1000
    )
  })
  try {
    return await Promise.race([reading, end])
  } finally {
    clearTimeout(timer)
  }
}
