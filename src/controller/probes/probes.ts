import type { Logger } from 'pino'
import type { AcceptedBundles } from '../../ca-bundle/accepted-texts.js'
import type { CanaryResult } from '../../facts/webhooks.js'
import type { IdentityWebhookSettings } from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import type { AssociationLookup } from '../../model/association.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { reasonOf } from '../../text/escape.js'
import type { ApiServer } from '../api-servers.js'
import { type EventObject, writeEvent } from '../event.js'
import { proveIdentityWebhook } from './canary.js'
import { type Proof, provePolicy, proveWebhook } from './self-test.js'

/**
 * The checks. Each check runs against every API server, because each one calls webhooks and evaluates policies
 * itself, and can have its own identity webhook (as on EKS).
 */
const checks = ['canary', 'webhook', 'policy'] as const

type Check = (typeof checks)[number]

/** The last outcomes of each check, keyed by the address of the API server. */
export type Probes = Readonly<Record<Check, ReadonlyMap<string, Proof>>>

/**
 * Runs the canary and the self-test against each API server. A check that could not be run counts as unknown.
 * The promise never rejects.
 */
export async function prove(
  apiServers: readonly ApiServer[],
  {
    settings,
    associated,
    ...policyQuestion
  }: {
    /** Whether the canary's service account has an EKS Pod Identity association. */
    associated: Fact<AssociationLookup>
    wrongCaBundle: string
    published: readonly AcceptedBundles[] | undefined
    settings: IdentityWebhookSettings
  }
): Promise<Probes> {
  const everywhere = async (
    proof: (client: KubeClient) => Promise<Proof>
  ): Promise<ReadonlyMap<string, Proof>> =>
    new Map(
      await Promise.all(
        apiServers.map(async ({ address, client }) => [address, await attempt(() => proof(client))] as const)
      )
    )
  const [canary, webhook, policy] = await Promise.all([
    everywhere((client) => proveIdentityWebhook(client, settings, associated)),
    everywhere((client) => proveWebhook(client, settings)),
    everywhere((client) => provePolicy(client, policyQuestion))
  ])

  return { canary, webhook, policy }
}

/** The newest known outcomes: a check that could not be run this time keeps its previous outcome. */
export function lastKnownOf(probes: Probes, before: Probes | undefined): Probes {
  const newest = (check: Check): ReadonlyMap<string, Proof> =>
    new Map(
      [...probes[check]].map(([address, proof]) => [
        address,
        proof.state === 'unknown' ? (before?.[check].get(address) ?? proof) : proof
      ])
    )

  return { canary: newest('canary'), webhook: newest('webhook'), policy: newest('policy') }
}

/** Whether any check fails now but did not fail before. */
export function hasNewFailure(probes: Probes, before: Probes | undefined): boolean {
  return checks.some((check) =>
    [...probes[check]].some(
      ([address, { state }]) => state === 'fails' && before?.[check].get(address)?.state !== 'fails'
    )
  )
}

/** Whether the identity webhook mutated the canary at every API server. */
export function isCanaryPassed(probes: Probes | undefined): boolean {
  return (
    probes !== undefined &&
    probes.canary.size > 0 &&
    [...probes.canary.values()].every(({ state }) => state === 'works')
  )
}

/** What the canary found, as a fact for the rules. */
export function canaryFactOf(probes: Probes | undefined): Fact<CanaryResult> {
  const results = [...(probes?.canary ?? [])]
  const failing = results.flatMap(([address, proof]) =>
    proof.state === 'fails' ? [{ address, because: proof.because }] : []
  )
  const proved = results.filter(([, { state }]) => state !== 'unknown').length

  return proved === 0 ? unknown('no API server has answered the canary yet') : known({ proved, failing })
}

/** A description of the checks that fail, could not be run or have not run yet. Undefined if all pass. */
export function proofTroubleOf(probes: Probes | undefined, ...checks: readonly Check[]): string | undefined {
  const proofs = checks.flatMap((check) =>
    [...(probes?.[check] ?? [])].map(([address, proof]) => ({
      name: checks.length === 1 ? address : `${check} at ${address}`,
      proof
    }))
  )
  if (proofs.length === 0) return 'not run yet'
  const bad = proofs.flatMap(({ name, proof }) =>
    proof.state === 'works' ? [] : [`${name}: ${proof.state}: ${proof.because}`]
  )

  return bad.length === 0 ? undefined : bad.join('; ')
}

async function attempt(proof: () => Promise<Proof>): Promise<Proof> {
  try {
    return await proof()
  } catch (error) {
    return { state: 'unknown', because: reasonOf(error) }
  }
}

/**
 * Reports each changed outcome once: a log line if it differs from the previous round, and an Event if it
 * differs from the last known one. A check that fails, cannot run while its API server restarts, and then
 * passes is therefore reported as working again.
 */
export async function reportProofs(
  {
    client,
    log,
    now,
    identityWebhook,
    canaryCause
  }: {
    client: KubeClient
    log: Logger
    now: Date
    identityWebhook: EventObject | undefined
    /** The likely cause if the canary fails; undefined if none is known. */
    canaryCause: string | undefined
  },
  probes: Probes,
  { before, known }: { before: Probes | undefined; known: Probes | undefined }
): Promise<void> {
  const guard: EventObject = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    name: 'irsa-guard'
  }
  const words = {
    canary: {
      what: 'identity webhook of',
      reason: 'IdentityWebhookCanary',
      about: identityWebhook ?? guard,
      cause: canaryCause
    },
    webhook: { what: 'own webhook at', reason: 'SelfTestWebhook', about: guard, cause: undefined },
    policy: { what: 'caBundle policy at', reason: 'SelfTestPolicy', about: guard, cause: undefined }
  } satisfies Record<Check, object>
  const all = checks.flatMap((check) =>
    [...probes[check]].map(([address, proof]) => ({
      ...words[check],
      what: `${words[check].what} API server ${address}`,
      proof,
      last: before?.[check].get(address),
      reported: known?.[check].get(address)
    }))
  )
  for (const { what, reason, about, cause, proof, last, reported } of all) {
    const likely = cause === undefined || proof.state !== 'fails' ? '' : `; likely cause: ${cause}`
    const because = proof.state === 'works' ? undefined : `${proof.because}${likely}`
    if (proof.state !== last?.state) {
      log[proof.state === 'works' ? 'info' : 'warn'](
        { proof: what, state: proof.state, before: last?.state, because },
        'check outcome changed'
      )
    }
    if (proof.state === 'unknown' || proof.state === reported?.state) continue // an unknown outcome gets no Event
    if (proof.state === 'works' && reported?.state !== 'fails') continue // a check that works the first time is not reported
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
