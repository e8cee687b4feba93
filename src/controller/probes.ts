import type { Logger } from 'pino'
import type { KubeClient } from '../kube/client.js'
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
export async function prove(client: KubeClient, apiServers: readonly ApiServer[], wrongCaBundle: string): Promise<Probes> {
  const [webhook, policy, ...canaries] = await Promise.all([
    attempt(() => proveWebhook(client)),
    attempt(() => provePolicy(client, wrongCaBundle)),
    ...apiServers.map(async (server) => [server.address, await attempt(() => proveIdentityWebhook(server.client))] as const)
  ])

  return { webhook, policy, canary: new Map(canaries) }
}

/** The newest outcomes that tell something: what could not be asked this time is as it was the time before. */
export function lastKnownOf(probes: Probes, before: Probes | undefined): Probes {
  const known = (proof: Proof, last: Proof | undefined): Proof => (proof.state === 'unknown' ? (last ?? proof) : proof)

  return {
    webhook: known(probes.webhook, before?.webhook),
    policy: known(probes.policy, before?.policy),
    canary: new Map([...probes.canary].map(([address, proof]) => [address, known(proof, before?.canary.get(address))]))
  }
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

/**
 * Tells each proof whose outcome has changed, once: a log line when it is not that of the time before, and an Event when it is not the last one
 * `known`. So what fails, cannot be asked while its API server restarts, and works then, is told to work again.
 */
export async function tellProofs(
  { client, log, now, identityWebhook }: { client: KubeClient; log: Logger; now: Date; identityWebhook: EventObject | undefined },
  probes: Probes,
  { before, known }: { before: Probes | undefined; known: Probes | undefined }
): Promise<void> {
  const guard: EventObject = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', name: 'irsa-guard' }
  const all = [
    { what: 'own webhook', reason: 'SelfTestWebhook', about: guard, proof: probes.webhook, last: before?.webhook, told: known?.webhook },
    { what: 'caBundle policy', reason: 'SelfTestPolicy', about: guard, proof: probes.policy, last: before?.policy, told: known?.policy },
    ...[...probes.canary].map(([address, proof]) => ({
      what: `identity webhook of API server ${address}`,
      reason: 'IdentityWebhookCanary',
      about: identityWebhook ?? guard,
      proof,
      last: before?.canary.get(address),
      told: known?.canary.get(address)
    }))
  ]
  for (const { what, reason, about, proof, last, told } of all) {
    const because = proof.state === 'works' ? undefined : proof.because
    if (proof.state !== last?.state) {
      log[proof.state === 'works' ? 'info' : 'warn'](
        { proof: what, state: proof.state, before: last?.state, because },
        'proof changed its outcome'
      )
    }
    if (proof.state === 'unknown' || proof.state === told?.state) continue // what could not be asked is for log and metrics
    if (proof.state === 'works' && told?.state !== 'fails') continue // working at the first look is no news
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
