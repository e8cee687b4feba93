import type { Logger } from 'pino'
import { addressOf, type GuardedWebhook } from '../ca-bundle/guarded-webhooks.js'
import { decidingInjectionOf, type InjectedCasFact } from '../ca-bundle/injection.js'
import { apiServerName, type KubeClient } from '../kube/client.js'
import { loadServedChain } from '../kube/served-chain.js'
import type { Fact } from '../model/fact.js'
import { readInjectedCas } from '../sources/cluster/injected-cas.js'
import type { ApiServer } from './api-servers.js'

// A round runs every 30 seconds. Sources and chains are read in parallel.
const timeout = 3000

/**
 * Reads what the injectors write into guarded webhooks that have a Service. Each source is read once, and all
 * of them in parallel. Leaves out webhooks that are called by URL.
 */
export async function readInjected(
  guarded: readonly GuardedWebhook[],
  { client, clusterCas }: { client: KubeClient; clusterCas: string | undefined }
): Promise<ReadonlyMap<GuardedWebhook, InjectedCasFact>> {
  const signal = AbortSignal.timeout(timeout)
  const started = new Map<string, Promise<InjectedCasFact>>()
  const answers = await Promise.all(
    guarded.map(async (one) => {
      const injection = decidingInjectionOf(one.injections)
      if (one.place !== 'reachable' || one.webhook.service === undefined || injection === undefined) return []

      const key = [injection.annotation, injection.value].join(' ')
      const reading = started.get(key) ?? readInjectedCas(client, injection, { clusterCas, signal })
      started.set(key, reading)

      return [[one, await reading] as const]
    })
  )

  return new Map(answers.flat())
}

/** The chains of the webhooks that the controller can connect to. */
export async function readChains(
  guarded: readonly GuardedWebhook[]
): Promise<ReadonlyMap<GuardedWebhook, string>> {
  const chains = await Promise.all(
    guarded.map(async (one) => {
      const address = addressOf(one.webhook)
      if (one.place !== 'reachable' || address === undefined) return []
      try {
        return [
          [
            one,
            await loadServedChain({ ...address, servername: address.host }, timeout, { onlyOutside: true })
          ] as const
        ]
      } catch {
        return [] // we cannot connect, but the API server may still be able to, so the chain stays unknown
      }
    })
  )

  return new Map(chains.flat())
}

/** An API server and the chain that it serves; undefined if it could not be reached. */
export interface ApiServerChain {
  readonly server: ApiServer
  readonly chain: string | undefined
}

/** Reads the chain that each API server serves. */
export const readApiServerChains = async (
  apiServers: readonly ApiServer[]
): Promise<readonly ApiServerChain[]> =>
  Promise.all(apiServers.map(async (server) => ({ server, chain: await readApiServerChain(server) })))

async function readApiServerChain({ host, port }: ApiServer): Promise<string | undefined> {
  try {
    return await loadServedChain({ host, port, servername: apiServerName }, timeout)
  } catch {
    return undefined // it is then unknown which CA signs now
  }
}

/**
 * A webhook and the source from which its injector's CAs are read. If the source is not known, the fact states
 * why. `source` is undefined if the configuration requests no injection.
 */
interface Sourced {
  readonly guarded: GuardedWebhook
  readonly source: Fact<string> | undefined
}

/**
 * Logs each change of the source from which an injector's CAs are read, or of the reason why they cannot be
 * read. If they cannot be read, only the chain that the webhook serves shows which CA is in use.
 */
export function logSourceChanges(
  log: Logger,
  assessments: readonly Sourced[],
  before: readonly Sourced[]
): void {
  for (const { guarded, source } of assessments) {
    const last = before.find(
      (one) =>
        one.guarded.configuration.uid === guarded.configuration.uid &&
        one.guarded.webhook.name === guarded.webhook.name
    )
    if (source === undefined || JSON.stringify(source) === JSON.stringify(last?.source)) continue

    const webhook = { configuration: guarded.configuration.name, webhook: guarded.webhook.name }
    if (source.state === 'known')
      log.info({ ...webhook, source: source.value }, "CAs are read from the injector's source")
    else
      log.warn(
        { ...webhook, because: source.because },
        "the injector's CAs are unknown, so only the served chain shows which CA is in use"
      )
  }
}
