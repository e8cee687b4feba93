import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Rotation } from '../ca-bundle/rotation.js'
import type { KubeClient } from '../kube/client.js'
import type { StatusEntry } from '../sources/cluster/webhook-trust.js'
import { afterwards } from './afterwards.js'
import type { Assessment } from './assessment.js'
import { writeEvent } from './event.js'
import { publishStatus } from './webhook-trust.js'

interface ReportContext {
  readonly client: KubeClient
  readonly rotation: Rotation | undefined
  readonly now: Date
  readonly log: Logger
}

/**
 * Reports each change of a bundle's state once, as an Event on the webhook configuration and as a log line, and stores the states. Rejects if the API server refuses a write.
 */
export async function reportStates(
  context: ReportContext,
  assessments: readonly Assessment[],
  before: readonly StatusEntry[]
): Promise<void> {
  const { client, now, log } = context
  const status = assessments.map(({ guarded, state, because, next }): StatusEntry => {
    const key = {
      configuration: `${guarded.configuration.kind.toLowerCase()}/${guarded.configuration.name}`,
      name: guarded.webhook.name
    }
    const last = before.find(
      ({ configuration, name }) => configuration === key.configuration && name === key.name
    )
    const because1024 = because.slice(0, 1024)

    return {
      ...key,
      state,
      because: because1024,
      ...(next !== undefined && { next: next.slice(0, 1024) }),
      since: last?.state === state ? last.since : now.toISOString()
    }
  })
  const changed = status.flatMap((entry, index) => {
    const last = before.find(
      ({ configuration, name }) => configuration === entry.configuration && name === entry.name
    )
    const assessment = assessments[index]

    return assessment && last?.state !== entry.state ? [{ entry, last, assessment }] : []
  })

  for (const { entry, last, assessment } of changed) {
    const { kind, name, uid } = assessment.guarded.configuration
    const isGood = entry.state === 'ok'
    log[isGood ? 'info' : 'warn'](
      {
        configuration: entry.configuration,
        webhook: entry.name,
        state: entry.state,
        before: last?.state,
        because: entry.because,
        next: entry.next
      },
      'caBundle state changed'
    )
    if (isGood && last === undefined) continue // the bundle was ok when it was first seen: nothing to report
    await writeEvent(
      client,
      {
        about: { apiVersion: 'admissionregistration.k8s.io/v1', kind, name, uid },
        type: isGood ? 'Normal' : 'Warning',
        reason: `CABundle${entry.state.charAt(0).toUpperCase()}${entry.state.slice(1)}`,
        message: `caBundle of webhook ${entry.name} is ${entry.state}: ${entry.because}${afterwards(assessment, last, context.rotation)}${entry.next === undefined ? '' : `; next: ${entry.next}`}${isGood ? '' : `; see: irsa-guard ca ${entry.configuration} --fix`}`
      },
      now
    )
  }
  // The status is written last, so that the next round reports the change again if an Event fails.
  if (!isDeepStrictEqual(status, before)) await publishStatus(client, status)
}

/** Reports that another client had changed the accepted bundles. */
export async function reportHealed({ client, log, now }: Omit<ReportContext, 'rotation'>): Promise<void> {
  const message =
    'another client changed WebhookTrust "cluster"; the controller restored the bundles that the caBundle policies accept'
  log.warn({ webhookTrust: 'cluster' }, message)
  const about = { apiVersion: 'irsa-guard.io/v1', kind: 'WebhookTrust', name: 'cluster' }
  await writeEvent(client, { about, type: 'Warning', reason: 'WebhookTrustCorrected', message }, now)
}
