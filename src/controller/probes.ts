import type { Logger } from 'pino'
import type { KubeClient } from '../kube/client.js'
import type { IdentityWebhookSettings } from '../model/identity-webhook.js'
import type { ApiServer } from './api-servers.js'
import { proveIdentityWebhook } from './canary.js'
import { writeEvent, type EventObject } from './event.js'
import { provePolicy, proveWebhook, type Proof } from './self-test.js'

/** What the last proofs found, by what was proved. */
export interface Probes {
  /** The canary at each API server's address. */
  readonly canary: ReadonlyMap<string, Proof>
  readonly webhook: Proof
  readonly policy: Proof
}

/** Proves canary, own webhook and own policy. What cannot be asked is unknown; never rejects. */
export async function prove(
  client: KubeClient,
  apiServers: readonly ApiServer[],
  { wrongCaBundle, settings }: { wrongCaBundle: string; settings: IdentityWebhookSettings }
): Promise<Probes> {
  const [webhook, policy, ...canaries] = await Promise.all([
    attempt(() => proveWebhook(client, settings)),
    attempt(() => provePolicy(client, wrongCaBundle)),
    ...apiServers.map(async (server) => [server.address, await attempt(() => proveIdentityWebhook(server.client, settings))] as const)
  ])

  return { webhook, policy, canary: new Map(canaries) }
}

/** Whether something fails that did not fail before. */
export function hasNewFailure(probes: Probes, before: Probes | undefined): boolean {
  return proofsOf(probes).some(
    ([name, { state }]) => state === 'fails' && proofsOf(before).find(([other]) => other === name)?.[1].state !== 'fails'
  )
}

const proofsOf = (probes: Probes | undefined): [string, Proof][] =>
  probes === undefined ? [] : [['webhook', probes.webhook], ['policy', probes.policy], ...probes.canary]

async function attempt(proof: () => Promise<Proof>): Promise<Proof> {
  try {
    return await proof()
  } catch (error) {
    return { state: 'unknown', because: error instanceof Error ? error.message : String(error) }
  }
}

/** Tells each proof whose outcome is not that of the time before: an Event and a log line, once. */
export async function tellProofs(
  { client, log, now, identityWebhook }: { client: KubeClient; log: Logger; now: Date; identityWebhook: EventObject | undefined },
  probes: Probes,
  before: Probes | undefined
): Promise<void> {
  const guard: EventObject = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', name: 'irsa-guard' }
  const told = [
    { what: 'own webhook', reason: 'SelfTestWebhook', about: guard, proof: probes.webhook, last: before?.webhook },
    { what: 'caBundle policy', reason: 'SelfTestPolicy', about: guard, proof: probes.policy, last: before?.policy },
    ...[...probes.canary].map(([address, proof]) => ({
      what: `identity webhook of API server ${address}`,
      reason: 'IdentityWebhookCanary',
      about: identityWebhook ?? guard,
      proof,
      last: before?.canary.get(address)
    }))
  ]
  for (const { what, reason, about, proof, last } of told) {
    if (proof.state === last?.state) continue
    const because = proof.state === 'works' ? undefined : proof.because
    log[proof.state === 'works' ? 'info' : 'warn'](
      { proof: what, state: proof.state, before: last?.state, because },
      'proof changed its outcome'
    )
    // Working at the first look is no news, and what could not be asked is for log and metrics.
    if (proof.state === 'unknown' || (proof.state === 'works' && (last === undefined || last.state === 'unknown'))) continue
    await writeEvent(
      client,
      {
        about,
        type: proof.state === 'works' ? 'Normal' : 'Warning',
        reason: `${reason}${proof.state === 'works' ? 'Works' : 'Fails'}`,
        message: because === undefined ? `${what}: works again` : `${what}: ${because}`
      },
      now
    )
  }
}
