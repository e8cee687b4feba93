import type { GuardedWebhook } from '../ca-bundle/guarded-webhooks.js'
import type { Rotation } from '../ca-bundle/rotation.js'
import type { BundleState } from '../ca-bundle/state.js'
import { identityWebhookNames } from '../model/webhook-configuration.js'
import type { StatusEntry } from '../sources/cluster/webhook-trust.js'
import { formatTime } from '../x509/time.js'

/** The states in which calls to a webhook fail. */
export const brokenStates: ReadonlySet<BundleState> = new Set(['stale', 'foreign', 'unusable', 'absent'])

/**
 * What to do about the pods that were created while calls to an identity webhook failed. It is part of the
 * Event about the recovery, and empty for other Events. The calls have been failing at least since the
 * controller noticed the state. After an activation, they have been failing since the new CA began to sign.
 */
export function afterwards(
  { guarded, state }: { readonly guarded: GuardedWebhook; readonly state: BundleState },
  last: StatusEntry | undefined,
  rotation: Rotation | undefined
): string {
  if (last === undefined || !brokenStates.has(last.state)) return ''
  if (state !== 'ok' && state !== 'incomplete') return ''
  if (!identityWebhookNames.includes(guarded.webhook.name)) return ''

  const seen = Date.parse(last.since)
  const activatedAt = rotation?.authorities
    ?.find(({ signing }) => signing === 'in-use')
    ?.activatedAt?.getTime()
  const isActivated = rotation?.phase === 'activated' && last.state === 'stale' && activatedAt !== undefined
  const since = isActivated ? Math.min(activatedAt, seen) : seen

  return `; pods created since ${formatTime(since)} may lack their role: find them with irsa-guard scan, and restart their owners with kubectl rollout restart KIND/NAME -n NAMESPACE`
}
