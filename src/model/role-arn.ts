import { memoizeLast } from '../text/memoize.js'

/** The parts of a role ARN. `path` begins and ends with a slash. */
export interface RoleArn {
  readonly text: string
  readonly partition: string
  readonly account: string
  readonly path: string
  readonly name: string
}

// Shape: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html. The patterns for the
// role name and path are from the IAM API (roleNameType, pathType: "!" to "~"). An unknown partition that
// begins with "aws" is well-formed.
const pattern = /^arn:(aws(?:-[a-z0-9]+)*):iam::(\d{12}):role(\/[!-~]+)$/
const namePattern = /^[\w+=,.@-]{1,64}$/

/**
 * The maximum length of an ARN in the IAM and STS APIs (arnType). No pattern is matched against a longer
 * string.
 */
export const longestRoleArn = 2048

/** Parses a role ARN, or returns undefined if the string is not a role ARN. Never throws. */
export const parseRoleArn = memoizeLast((text: string): RoleArn | undefined => {
  if (text.length > longestRoleArn) return undefined

  const [, partition, account, rest] = pattern.exec(text) ?? []
  if (partition === undefined || account === undefined || rest === undefined) return undefined
  const path = rest.slice(0, rest.lastIndexOf('/') + 1)
  const name = rest.slice(path.length)
  if (!namePattern.test(name) || path === '//' || path.length > 512) return undefined // pathType of the IAM API

  return { text, partition, account, path, name }
})
