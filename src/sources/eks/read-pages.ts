import { type AwsResponse, failed, type Failure } from '../iam/failure.js'
import type { EksCalls, ListPage } from './calls.js'

// With 100 associations per page, this is 100 times as many associations as a cluster can have.
const maxPages = 5000

/** Reads all pages of a cluster's list. Returns a failure if the list is not complete. */
export async function readPages(
  calls: EksCalls,
  another: () => Promise<void>,
  onPage: (page: AwsResponse<ListPage>) => void
): Promise<Failure | undefined> {
  const tokens = new Set<string>()
  let nextToken: string | undefined
  do {
    await another()
    const page = await calls.list({ nextToken }, another)
    onPage(page)
    if ('failure' in page) return page.failure
    nextToken = page.answer.nextToken
    if (nextToken === undefined) return undefined
    if (tokens.has(nextToken)) break
    tokens.add(nextToken)
  } while (tokens.size < maxPages)

  return failed('error', 'EKS did not end the list of associations; check for a proxy in between').failure
}
