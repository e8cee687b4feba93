import { before } from '../../facts/before.js'
import type { Answer, ClusterSource } from '../../facts/facts.js'
import type { KubeClient } from '../../kube/client.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { reasonOf } from '../../text/escape.js'
import { isRecord } from '../../text/record.js'

const readTimeout = 5000

// The issuer hardly ever changes, but a service-account issuer can be replaced while we run.
const issuerLifetime = 600_000
const issuerRetry = 10_000

/**
 * The issuer of the cluster's tokens: the API server's discovery document, else our own token's `iss`. Never
 * guessed.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 */
export function buildIssuerReader(client: KubeClient): ClusterSource['readIssuer'] {
  let kept: { fact: Answer<string>; until: number } | undefined

  return (within) => {
    if (kept === undefined || kept.until < Date.now()) {
      const reading = readIssuer(client)
      const entry: NonNullable<typeof kept> = { fact: reading, until: Date.now() + issuerRetry }
      kept = entry
      void reading.then((fact) => {
        entry.fact = fact
        if (fact.state === 'known') entry.until = Date.now() + issuerLifetime
      })
    }

    return kept.fact instanceof Promise
      ? before(within.signal, kept.fact, 'the issuer of the cluster was not read in time')
      : kept.fact
  }
}

async function readIssuer(client: KubeClient): Promise<Fact<string>> {
  let failure: string
  try {
    const { status, body } = await client.request({
      path: '/.well-known/openid-configuration',
      signal: AbortSignal.timeout(readTimeout)
    })
    if (status === 200 && isRecord(body) && typeof body['issuer'] === 'string') return known(body['issuer'])
    failure = `the API server answered ${status}`
  } catch (error) {
    failure = reasonOf(error)
  }
  const issuer = issuerOfToken(await client.readToken().catch(() => undefined)) // without a token there is nothing more to ask

  return issuer === undefined
    ? unknown(`the issuer of the cluster could not be read (${failure})`)
    : known(issuer)
}

function issuerOfToken(token: string | undefined): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString('utf8'))

    return isRecord(claims) && typeof claims['iss'] === 'string' && claims['iss'].startsWith('https://')
      ? claims['iss']
      : undefined
  } catch {
    return undefined // not a JWT: some clusters authenticate with opaque tokens
  }
}
