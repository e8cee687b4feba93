import type { ClusterSource } from '../../facts/facts.js'
import type { KubeClient } from '../../kube/client.js'
import { readObject } from '../../kube/read.js'
import { withDeadline } from '../../model/deadline.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { withoutEksSlash } from '../../model/issuer.js'
import type { MaybePromise } from '../../model/maybe-promise.js'
import { isRecord, textOf } from '../../text/record.js'

const readTimeout = 5000

// The issuer hardly ever changes, but it can be replaced while irsa-guard runs.
const issuerLifetime = 600_000
const issuerRetry = 10_000

/**
 * Reads the issuer of the cluster's tokens from the API server's discovery document, otherwise from the `iss`
 * claim of irsa-guard's own token. The issuer is never guessed.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 */
export function buildIssuerReader(client: KubeClient): ClusterSource['readIssuer'] {
  let kept: { fact: MaybePromise<Fact<string>>; until: number } | undefined

  return (deadline) => {
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
      ? withDeadline(deadline.signal, kept.fact, 'the issuer of the cluster was not read in time')
      : kept.fact
  }
}

async function readIssuer(client: KubeClient): Promise<Fact<string>> {
  const name = 'the issuer of the cluster'
  const read = await readObject(client, '/.well-known/openid-configuration', {
    name,
    signal: AbortSignal.timeout(readTimeout)
  })
  const issuer = read.state === 'known' ? textOf(read.value?.['issuer']) : undefined
  if (issuer !== undefined) return known(withoutEksSlash(issuer))

  const ofToken = issuerOfToken(await client.readToken().catch(() => undefined)) // without a token there is no other source
  if (ofToken !== undefined) return known(withoutEksSlash(ofToken))

  return unknown(
    read.state === 'known'
      ? `${name} could not be read (the discovery document does not name one)`
      : read.because
  )
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
