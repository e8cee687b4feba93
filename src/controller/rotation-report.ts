import type { Logger } from 'pino'
import { describeRotation, nextStepOf, successorOf } from '../ca-bundle/next-step.js'
import type { Rotation } from '../ca-bundle/rotation.js'
import { holdsCa } from '../ca-bundle/same-ca.js'
import type { KubeClient } from '../kube/client.js'
import type { Metrics } from '../process/metrics.js'
import { parseCaBundle } from '../x509/bundle.js'
import type { Certificate } from '../x509/certificate.js'
import { describeCertificate } from '../x509/describe.js'
import { newestGo } from '../x509/go-version.js'
import { formatTime } from '../x509/time.js'
import type { Assessment } from './assessment.js'
import { writeEvent } from './event.js'

/** Sets the metrics for the rotation of the cluster CA. Without EKS's answer, they have no samples. */
export function showRotation(
  { clusterCaSigning, clusterCaAutoActivation, clusterCaActivation }: Metrics,
  rotation: Rotation | undefined,
  at: Date
): void {
  clusterCaSigning.reset()
  clusterCaAutoActivation.reset()
  clusterCaActivation.remove()
  if (rotation === undefined) return

  for (const { id, signing } of rotation.authorities ?? [])
    clusterCaSigning.set({ id }, signing === 'in-use' ? 1 : 0)
  const next = nextStepOf(rotation, at)
  if (next?.step === 'activation' && next.at !== undefined) clusterCaActivation.set(next.at.getTime() / 1000)
  const successor = successorOf(rotation)
  if (successor === undefined) return

  const { id, firstAutoActivation, finalAutoActivation } = successor
  if (firstAutoActivation !== undefined)
    clusterCaAutoActivation.set({ id, event: 'first' }, firstAutoActivation.getTime() / 1000)
  if (finalAutoActivation !== undefined)
    clusterCaAutoActivation.set({ id, event: 'final' }, finalAutoActivation.getTime() / 1000)
}

/** What has been reported about the rotation so far. */
export interface ReportedRotation {
  readonly phase: Rotation['phase'] | undefined
  /** The last of the `warnings` that was reported, in days before the activation. */
  readonly warning: number | undefined
}

// Days before EKS activates the successor. AWS itself sends a warning 60 days before.
const warnings = [7, 30, 60]
const day = 86_400_000

/**
 * Reports each phase of the rotation once. While a guarded webhook lacks the successor, also reports each of
 * the `warnings` once as the activation approaches. A cluster with one CA is not reported at the start. Rejects
 * if the API server refuses an Event.
 */
export async function reportRotation(
  { client, log, now }: { client: KubeClient; log: Logger; now: Date },
  rotation: Rotation,
  { assessments, reported }: { assessments: readonly Assessment[]; reported: ReportedRotation | undefined }
): Promise<ReportedRotation> {
  const { phase } = rotation
  const isRotating = phase !== 'one' && phase !== 'retired'
  const because = describeRotation(rotation, now)
  if (phase !== reported?.phase && (isRotating || reported !== undefined)) {
    log.info({ phase, before: reported?.phase, because }, 'the rotation of the cluster CA has a new phase')
    // EKS distributes a successor within minutes, and there is nothing to do until then.
    if (phase !== 'appended') {
      await writeEvent(
        client,
        {
          about: webhookTrust,
          type: phase === 'append-failed' || phase === 'activating' ? 'Warning' : 'Normal',
          reason: 'ClusterCARotation',
          message: because ?? 'the cluster has one CA again'
        },
        now
      )
    }
  }

  return { phase, warning: await warnOfActivation({ client, now }, rotation, { assessments, reported }) }
}

const webhookTrust = { apiVersion: 'irsa-guard.io/v1', kind: 'WebhookTrust', name: 'cluster' }

async function warnOfActivation(
  { client, now }: { client: KubeClient; now: Date },
  rotation: Rotation,
  { assessments, reported }: { assessments: readonly Assessment[]; reported: ReportedRotation | undefined }
): Promise<number | undefined> {
  const next = nextStepOf(rotation, now)
  if (next?.step !== 'activation' || next.at === undefined) return undefined
  const left = (next.at.getTime() - now.getTime()) / day
  const warning = warnings.find((days) => left <= days)
  const unready = assessments.filter((one) => lacks(one, next.ca))
  if (warning === undefined || unready.length === 0) return undefined
  if (reported?.warning !== undefined && reported.warning <= warning) return reported.warning

  const days = Math.ceil(left)
  for (const { guarded } of unready) {
    const { configuration, webhook } = guarded
    const when =
      left <= 0
        ? `EKS planned to activate ${describeCertificate(next.ca)} at ${formatTime(next.at.getTime())}`
        : `EKS activates ${describeCertificate(next.ca)} within ${days} ${days === 1 ? 'day' : 'days'}, by ${formatTime(next.at.getTime())}`
    await writeEvent(
      client,
      {
        about: { apiVersion: 'admissionregistration.k8s.io/v1', ...configuration },
        type: 'Warning',
        reason: 'ClusterCAActivationNear',
        message: `${when}, and the caBundle of webhook ${webhook.name} lacks it: calls will fail then; see: irsa-guard ca ${configuration.kind.toLowerCase()}/${configuration.name} --fix`
      },
      now
    )
  }

  return warning
}

/** Whether the cluster CA signs a webhook's certificate, and the webhook's bundle lacks the CA. */
const lacks = ({ guarded: { place, webhook } }: Assessment, ca: Certificate): boolean =>
  place === 'control-plane' &&
  !holdsCa(parseCaBundle(webhook.caBundle ?? '', newestGo)?.certificates ?? [], ca)
