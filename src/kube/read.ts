import { raceDeadline } from '../model/deadline.js'
import { type Fact, known, unknown } from '../model/fact.js'
import { escapeText, reasonOf } from '../text/escape.js'
import { isRecord, listOf, recordOf, textOf } from '../text/record.js'
import type { KubeClient, KubeRequest } from './client.js'
import type { KubeResponse } from './response.js'

/** An object as the API server returned it. */
export type KubeObject = Readonly<Record<string, unknown>>

/**
 * A fact that is never moot. If it is unknown, `response` is the API server's response, or undefined if there
 * was none.
 */
export type ReadFact<T> = Extract<Fact<T>, { state: 'known' }> | Unread

type Unread = Extract<Fact<never>, { state: 'unknown' }> & { readonly response?: KubeResponse }

/**
 * Options for a read. `name` is the name of the object or collection in messages; by default, that is its
 * path.
 */
export interface ReadOptions extends Pick<KubeRequest, 'query' | 'accept' | 'signal'> {
  readonly name?: string
}

/** Reads one object. The value is undefined if the object does not exist. Never rejects. */
export async function readObject(
  client: KubeClient,
  path: string,
  options: ReadOptions = {}
): Promise<ReadFact<KubeObject | undefined>> {
  const response = await readResponse(client, path, options)
  if ('state' in response) return response.response?.status === 404 ? known(undefined) : response

  return known(response.body)
}

/** Reads a collection page by page. Every object gets the kind that the list implies. Never rejects. */
export async function listObjects(
  client: KubeClient,
  path: string,
  options: ListOptions = {}
): Promise<ReadFact<readonly KubeObject[]>> {
  const { objects, unread } = await readPages(client, path, options)

  return unread ?? known(objects)
}

/** Options for reading a collection. */
export interface ListOptions extends ReadOptions {
  /** Whether to request only the metadata of the objects (PartialObjectMetadata). */
  readonly metadataOnly?: boolean
  /** The kind of the objects, for lists that do not imply it, such as lists of metadata. */
  readonly typed?: { readonly apiVersion: string; readonly kind: string }
  /** Returns the part of an object to keep, so that a large collection needs little memory; undefined drops it. */
  readonly keep?: (object: KubeObject) => KubeObject | undefined
  /** Called after each page with the number of its objects. */
  readonly onPage?: (count: number) => void
  /**
   * Waits this many milliseconds before a page is requested again, after the API server was too busy (429) or
   * failed (5xx). By default, a list that fails is not requested again.
   */
  readonly pause?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>
}

/** What was read from a collection. `unread` is the reason why the rest of it is missing. */
export interface PagesRead {
  readonly objects: readonly KubeObject[]
  readonly unread: Unread | undefined
}

/** Reads a collection page by page, and returns what was read before a failure. Never rejects. */
export async function readPages(
  client: KubeClient,
  path: string,
  { metadataOnly = false, typed, keep = (object) => object, onPage, ...options }: ListOptions
): Promise<PagesRead> {
  const objects: KubeObject[] = []
  const accept = metadataOnly ? { accept: metadataListType } : {}
  let resume: string | undefined
  let hasExpired = false
  do {
    const query = { ...options.query, limit: 500, ...(resume !== undefined && { continue: resume }) }
    const page = await readPatiently(options, async () =>
      readResponse(client, path, { ...options, ...accept, query })
    )
    if ('state' in page) {
      resume = hasExpired ? undefined : laterTokenOf(page.response)
      if (resume === undefined) return { objects, unread: page }
      hasExpired = true
      continue
    }
    hasExpired = false

    const { kind, apiVersion, items, metadata } = page.body
    if (!Array.isArray(items) && items !== null)
      return { objects, unread: unknown(`${options.name ?? path} could not be read (${noList})`) }
    const each = { apiVersion, kind: textOf(kind)?.replace(/List$/, '') }
    for (const item of listOf(items)) {
      const kept = isRecord(item) ? keep({ ...each, ...item, ...typed }) : undefined
      if (kept !== undefined) objects.push(kept)
    }
    onPage?.(listOf(items).length)
    resume = textOf(recordOf(metadata)['continue'])
  } while (resume !== undefined)

  return { objects, unread: undefined }
}

const noList = 'the API server did not return a list'

/** Reads a page, and requests it again up to three times while the API server is busy or fails. */
async function readPatiently<T extends object>(
  { pause, signal }: Pick<ListOptions, 'pause' | 'signal'>,
  readPage: () => Promise<T | Unread>
): Promise<T | Unread> {
  let page = await readPage()
  if (pause === undefined) return page
  for (const shortest of pauses) {
    const milliseconds = 'state' in page ? pauseAfter(page.response, shortest) : undefined
    if (milliseconds === undefined || signal?.aborted === true) return page
    await pause(milliseconds, signal)
    page = await readPage()
  }

  return page
}

const pauses = [500, 1000, 2000]
const longestPause = 10_000

/**
 * How long to wait before a failed request is repeated; undefined if repeating it would not help.
 * https://kubernetes.io/docs/concepts/cluster-administration/flow-control/ (Retry-After)
 */
function pauseAfter(response: KubeResponse | undefined, shortest: number): number | undefined {
  if (response === undefined || (response.status !== 429 && response.status < 500)) return undefined
  const asked = (response.retryAfter ?? 0) * 1000

  return asked > longestPause ? undefined : Math.max(asked, shortest)
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
export const metadataListType = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

/**
 * The token to continue a list with after the list's own token has expired (410). The rest of the list is then
 * newer than its beginning.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-parameters/common-parameters/#continue
 */
const laterTokenOf = (response: KubeResponse | undefined): string | undefined =>
  response?.status === 410 ? textOf(recordOf(recordOf(response.body)['metadata'])['continue']) : undefined

/**
 * The value of a fact. Throws an Error with the reason if the fact is unknown. Use it for work that is
 * retried anyway.
 */
export function loadValue<T>(fact: ReadFact<T>): T {
  if (fact.state === 'known') return fact.value

  const message = textOf(recordOf(fact.response?.body)['message'])
  throw new Error(message === undefined ? fact.because : `${fact.because}: ${message}`)
}

/** Creates, replaces or patches an object and returns it as stored. Rejects with the API server's message. */
export async function applyObject(
  client: KubeClient,
  name: string,
  request: KubeRequest
): Promise<KubeObject> {
  const response = await client.request(request)
  if (response.status !== 200 && response.status !== 201)
    throw new Error(`${name} was not written: ${statusMessage(response)}`)

  return recordOf(response.body)
}

/**
 * The reason for a refusal, on one line: the message of the API server's Status. Webhooks and admission
 * plugins write messages with several lines.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */
export const statusMessage = ({ status, body }: KubeResponse): string =>
  escapeText(textOf(recordOf(body)['message']) ?? `the API server answered ${status}`)

/** The response if it is 200 with an object; otherwise the reason why there is no such response. */
async function readResponse(
  client: KubeClient,
  path: string,
  { name = path, signal, ...request }: ReadOptions
): Promise<(KubeResponse & { readonly body: KubeObject }) | Unread> {
  try {
    const sent = client.request({ path, ...request, ...(signal && { signal }) })
    // A kubeconfig's credential plugin ignores the signal.
    const response = signal === undefined ? await sent : await raceDeadline(signal, sent)
    if (response === undefined) return unknown(`${name} was not read in time`)
    if (response.status === 200 && isRecord(response.body)) return { ...response, body: response.body }

    const what = response.status === 200 ? 'did not return an object' : `answered ${response.status}`
    return {
      state: 'unknown',
      because: `${name} could not be read (the API server ${what})`,
      response
    }
  } catch (error) {
    const isLate = signal?.aborted === true
    return unknown(isLate ? `${name} was not read in time` : `${name} could not be read (${reasonOf(error)})`)
  }
}
