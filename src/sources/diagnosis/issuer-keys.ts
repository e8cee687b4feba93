import type { IssuerKeys, PublicDocument } from '../../facts/pod-surroundings.js'
import type { KubeClient } from '../../kube/client.js'
import { readObject } from '../../kube/read.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { reasonOf } from '../../text/escape.js'
import { isRecord, listOf, recordOf, textOf } from '../../text/record.js'

/** Fetches one document, as the global `fetch` does. */
export type FetchDocument = (
  url: string,
  init: { signal: AbortSignal; redirect: 'error' }
) => Promise<Response>

const publicTimeout = 5000
const apiServerTimeout = 5000
/** AWS reads at most 100 keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const longestDocument = 1_000_000

/**
 * Reads the API server's keys, and the issuer's documents as AWS reads them. The API server and the issuer
 * have different addresses. On EKS, AWS copies the keys to the issuer's address; elsewhere, an administrator
 * does. Never rejects.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 */
export async function readIssuerKeys(
  client: KubeClient,
  issuer: string,
  fetchDocument: FetchDocument = fetch
): Promise<IssuerKeys> {
  const [ofApiServer, discovery] = await Promise.all([
    readApiServerKeys(client),
    readPublic(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, fetchDocument)
  ])

  return { ofApiServer, discovery, published: await readPublished(discovery, fetchDocument) }
}

async function readApiServerKeys(client: KubeClient): Promise<Fact<readonly string[]>> {
  const read = await readObject(client, '/openid/v1/jwks', {
    accept: 'application/jwk-set+json, application/json',
    signal: AbortSignal.timeout(apiServerTimeout)
  })
  if (read.state !== 'known') return unknown(read.because)

  return known(keyIdsOf(recordOf(read.value)))
}

async function readPublished(
  discovery: IssuerKeys['discovery'],
  fetchDocument: FetchDocument
): Promise<IssuerKeys['published']> {
  if (discovery.state !== 'known') return discovery
  if (discovery.value.state === 'missing') return known(discovery.value)
  const url = textOf(discovery.value.value['jwks_uri'])
  if (url === undefined || !url.startsWith('https://'))
    return known({ state: 'missing', because: 'the discovery document names no jwks_uri with https://' })
  const keys = await readPublic(url, fetchDocument)

  return keys.state === 'known' && keys.value.state === 'found' ? known(keyIdsOf(keys.value.value)) : keys
}

/**
 * Only a response from the issuer itself counts: a failed connection may be due to this machine's network.
 */
async function readPublic(url: string, fetchDocument: FetchDocument): Promise<Fact<PublicDocument>> {
  try {
    const response = await fetchDocument(url, {
      signal: AbortSignal.timeout(publicTimeout),
      redirect: 'error'
    })
    if (response.status === 404)
      return known({ state: 'missing', because: `${url} does not exist (HTTP 404)` })
    if (!response.ok) return unknown(`${url} answered this machine with HTTP ${response.status}`)
    const text = await response.text()
    const value: unknown = text.length > longestDocument ? undefined : JSON.parse(text)

    return isRecord(value) ? known({ state: 'found', value }) : unknown(`${url} did not return a JSON object`)
  } catch (error) {
    return unknown(`${url} could not be read from this machine (${causeOf(error)})`)
  }
}

/** `fetch` hides the reason in the error's cause. */
const causeOf = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? causeOf(error.cause) : reasonOf(error)

const keyIdsOf = (document: Readonly<Record<string, unknown>>): readonly string[] =>
  listOf(document['keys']).flatMap((key) => textOf(recordOf(key)['kid']) ?? [])
