import { listAndWatch, type Watched } from '../kube/list-and-watch.js'
import type { KubeClient } from '../kube/client.js'
import { known, unknown, type Fact } from '../model/fact.js'
import { parseNamespaceSettings, type NamespaceSettings } from '../model/namespace.js'
import { isRecord } from '../model/subject.js'
import type { Answer, ClusterSource } from './facts.js'

/** Facts about a live cluster; `ready` once everything that is watched has been listed. */
export interface LiveCluster extends ClusterSource {
  readonly ready: boolean
  readonly lastEvents: Readonly<Record<string, Date | undefined>>
  stop(): void
}

/** Watches a cluster's namespaces (labels and annotations only) and finds out its issuer. `onTrouble` hears of each change for the worse or better. */
export function watchCluster(client: KubeClient, onTrouble: (collection: string, because: string | undefined) => void): LiveCluster {
  const namespaces = listAndWatch(client, {
    path: '/api/v1/namespaces',
    metadataOnly: true,
    keep: parseNamespaceSettings,
    onTrouble: (because) => onTrouble('namespaces', because)
  })
  const issuer = buildIssuerReader(client)

  return {
    readIssuer: issuer,
    readNamespace: buildReader(namespaces, (name, signal) => readNamespaceSettings(client, name, signal)),
    get ready() {
      return namespaces.synced
    },
    get lastEvents() {
      return { namespaces: namespaces.lastEvent }
    },
    stop: () => namespaces.stop()
  }
}

/** Answers from a watch; what the watch has not seen yet is read once for everybody who waits for it. */
function buildReader<T>(watched: Watched<T>, read: (key: string, signal: AbortSignal) => Promise<Fact<T>>) {
  const reading = new Map<string, Promise<Fact<T>>>()

  return (key: string, signal: AbortSignal): Answer<T> => {
    const seen = watched.get(key)
    if (seen !== undefined) return known(seen)

    const pending = reading.get(key) ?? read(key, AbortSignal.timeout(readTimeout)).finally(() => reading.delete(key))
    reading.set(key, pending)
    return before(signal, pending, `${key} was not read in time`)
  }
}

// Others may wait for the same read, so it does not end with the first one's deadline.
const readTimeout = 5000

/** The fact, or unknown when the signal comes first. */
async function before<T>(signal: AbortSignal, fact: Promise<Fact<T>>, late: string): Promise<Fact<T>> {
  if (signal.aborted) return unknown(late)

  const { promise, resolve } = Promise.withResolvers<Fact<T>>()
  const onAbort = (): void => resolve(unknown(late))
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([fact, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}

async function readNamespaceSettings(client: KubeClient, name: string, signal: AbortSignal): Promise<Fact<NamespaceSettings>> {
  try {
    const { status, body } = await client.request({
      path: `/api/v1/namespaces/${encodeURIComponent(name)}`,
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
      signal
    })
    if (status === 200) return known(parseNamespaceSettings(body))

    return unknown(`namespace ${name} could not be read (the API server answered ${status})`)
  } catch (error) {
    return unknown(`namespace ${name} could not be read (${reasonOf(error)})`)
  }
}

// The issuer hardly ever changes, but a service-account issuer can be replaced while we run.
const issuerLifetime = 600_000
const issuerRetry = 10_000

/**
 * The issuer of the cluster's tokens: the API server's discovery document, else our own token's `iss`. Never guessed.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 */
function buildIssuerReader(client: KubeClient): ClusterSource['readIssuer'] {
  let kept: { fact: Answer<string>; until: number } | undefined

  return (signal) => {
    if (kept === undefined || kept.until < Date.now()) {
      const reading = readIssuer(client)
      const entry: NonNullable<typeof kept> = { fact: reading, until: Date.now() + issuerRetry }
      kept = entry
      void reading.then((fact) => {
        entry.fact = fact
        if (fact.state === 'known') entry.until = Date.now() + issuerLifetime
      })
    }

    return kept.fact instanceof Promise ? before(signal, kept.fact, 'the issuer of the cluster was not read in time') : kept.fact
  }
}

async function readIssuer(client: KubeClient): Promise<Fact<string>> {
  let failure: string
  try {
    const { status, body } = await client.request({ path: '/.well-known/openid-configuration', signal: AbortSignal.timeout(readTimeout) })
    if (status === 200 && isRecord(body) && typeof body['issuer'] === 'string') return known(body['issuer'])
    failure = `the API server answered ${status}`
  } catch (error) {
    failure = reasonOf(error)
  }
  const issuer = issuerOfToken(await client.readToken().catch(() => undefined)) // without a token there is nothing more to ask

  return issuer === undefined ? unknown(`the issuer of the cluster could not be read (${failure})`) : known(issuer)
}

function issuerOfToken(token: string | undefined): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString('utf8'))

    return isRecord(claims) && typeof claims['iss'] === 'string' && claims['iss'].startsWith('https://') ? claims['iss'] : undefined
  } catch {
    return undefined // not a JWT: some clusters authenticate with opaque tokens
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
