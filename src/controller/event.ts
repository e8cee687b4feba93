import { randomUUID } from 'node:crypto'
import { guardedWebhooksOf } from '../ca-bundle/guarded-webhooks.js'
import type { KubeClient } from '../kube/client.js'
import { applyObject } from '../kube/read.js'
import { identityWebhookNames } from '../model/webhook-configuration.js'

/** The object that an Event is about. Events about cluster-scoped objects live in the namespace `default`. */
export interface EventObject {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
}

/**
 * One Event: a reason in CamelCase and a message, which is shortened to 1,024 characters
 * (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/).
 */
export interface GuardEvent {
  readonly about: EventObject
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** Writes an Event. Rejects if the API server refuses it or does not answer. */
export async function writeEvent(
  client: KubeClient,
  { about, type, reason, message }: GuardEvent,
  now: Date
): Promise<void> {
  const namespace = about.namespace ?? 'default'
  const text = message.length > 1024 ? `${message.slice(0, 1023)}…` : message
  await applyObject(client, 'an Event', {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/events`,
    body: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${about.name.slice(0, 200)}.${randomUUID().slice(0, 13)}`, namespace },
      involvedObject: about,
      type,
      reason,
      message: text,
      source: { component: 'irsa-guard' },
      firstTimestamp: now.toISOString(),
      lastTimestamp: now.toISOString(),
      count: 1
    }
  })
}

/**
 * The configuration that contains an identity webhook, in the form in which an Event refers to an object. If
 * there are several such configurations, the first one.
 */
export function identityConfigurationOf(configurations: readonly unknown[]): EventObject | undefined {
  const found = guardedWebhooksOf(configurations, []).find(({ webhook }) =>
    identityWebhookNames.includes(webhook.name)
  )

  return found && { apiVersion: 'admissionregistration.k8s.io/v1', ...found.configuration }
}

/** The reason of an Event about a rule, such as `IdentityWebhookMissesPods`. */
export const eventReasonOf = (rule: string): string =>
  rule
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
