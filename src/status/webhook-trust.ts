import type { AcceptedBundles } from '../ca-bundle/accepted-texts.js'
import type { BundleState } from '../ca-bundle/state.js'
import { shellQuote } from '../text/shell.js'
import { applyCommand, type Check, type Installation, type Reading, unreadCheck } from './check.js'

/** What the controller publishes. */
export interface PublishedTrust {
  readonly confirmedAt: Date
  readonly entries: readonly AcceptedBundles[]
  readonly status: readonly {
    readonly configuration: string
    readonly name: string
    readonly state: BundleState
    readonly because: string
    readonly since: string
  }[]
  /**
   * Whether another client changed the object's metadata. The controller then has to restore the metadata.
   */
  readonly isTampered: boolean
}

export interface TrustReading {
  /** Whether the API server serves the kind WebhookTrust. */
  readonly isServed: Reading<boolean>
  readonly trust: Reading<PublishedTrust | undefined>
}

const right = 'get webhooktrusts.irsa-guard.io/cluster'

// The controller checks the caBundles every 30 seconds, and confirms the WebhookTrust every five minutes.
const confirmationIsLate = 10 * 60_000

/** Whether the list of accepted bundles is there, and whether the controller still confirms it. */
export function judgeWebhookTrust({ isServed, trust }: TrustReading, installation: Installation): Check {
  const check = 'webhook-trust'
  const { kubectl, namespace, at } = installation
  const wrong = (message: string, because: string, fix: string): Check => ({
    check,
    state: 'wrong',
    message,
    because,
    fix
  })
  const logs = `${kubectl} -n ${namespace} logs deployment/irsa-guard-controller --tail=50`
  const undenied = 'the policies have nothing to compare a caBundle with, so no caBundle is denied'
  if (isServed.state === 'known' && !isServed.value)
    return wrong('the kind WebhookTrust is not installed', undenied, applyCommand(installation))
  if (trust.state === 'unknown')
    return unreadCheck(check, 'WebhookTrust "cluster" could not be read', trust.because, { kubectl, right })
  if (trust.value === undefined)
    return wrong(
      'there is no WebhookTrust "cluster", although the controller should publish it',
      undenied,
      logs
    )

  const { confirmedAt, entries, isTampered } = trust.value
  const age = at.getTime() - confirmedAt.getTime()
  if (isTampered) {
    return wrong(
      'another client changed the metadata of WebhookTrust "cluster", and the controller has not restored it',
      'Kubernetes could delete the object, or a backup tool could restore it into another cluster, where it would approve the wrong CA',
      logs
    )
  }
  if (age > confirmationIsLate)
    return wrong(
      `last confirmed ${ageText(age)} ago`,
      'the controller confirms it every five minutes; the controller is not running, or cannot write the object',
      logs
    )
  if (age < -confirmationIsLate)
    return wrong(
      `confirmed at ${confirmedAt.toISOString()}, which is in the future`,
      "another client wrote it, or a clock is wrong: the controller's or this one",
      logs
    )
  const accepting = entries.filter(({ accepted }) => accepted.length > 0)

  return {
    check,
    state: 'ok',
    message: `confirmed ${ageText(Math.max(age, 0))} ago, with accepted bundles for ${accepting.length} of ${entries.length} webhooks`
  }
}

// In these states, calls already fail: docs/operations.md.
const broken: ReadonlySet<BundleState> = new Set(['stale', 'foreign', 'unusable', 'absent'])

/** The states of the guarded bundles at the controller's last check. */
export function judgeGuardedBundles({ trust }: TrustReading, { kubectl, clusterFlags }: Installation): Check {
  const check = 'guarded-bundles'
  if (trust.state === 'unknown')
    return unreadCheck(check, 'the states of the bundles could not be read', trust.because, {
      kubectl,
      right
    })
  const states = trust.value?.status ?? []
  if (states.length === 0) {
    const because = 'the controller has published no state'
    return { check, state: 'unknown', message: 'the states of the bundles are unknown', because }
  }
  const [worst] = [
    ...states.filter(({ state }) => broken.has(state)),
    ...states.filter(({ state }) => state === 'unknown'),
    ...states.filter(({ state }) => state === 'incomplete')
  ]
  const counts = states
    .map(({ name, state }) => `${name} is ${state}`)
    .slice(0, 8)
    .join(', ')
  const more = states.length > 8 ? ` and ${states.length - 8} more` : ''
  if (worst === undefined) return { check, state: 'ok', message: `${counts}${more}` }

  return {
    check,
    state: broken.has(worst.state) ? 'wrong' : worst.state === 'unknown' ? 'unknown' : 'ok',
    message: `${counts}${more}`,
    because: `${worst.configuration}, since ${worst.since}: ${worst.because}`,
    fix: `irsa-guard ca ${shellQuote(worst.configuration)}${clusterFlags} --fix`
  }
}

function ageText(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000)
  if (minutes < 1) return 'less than a minute'
  if (minutes < 120) return `${minutes} minute${minutes === 1 ? '' : 's'}`

  return minutes < 2880 ? `${Math.floor(minutes / 60)} hours` : `${Math.floor(minutes / 1440)} days`
}
