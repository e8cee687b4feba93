import type { Logger } from 'pino'
import { guardedWebhooksOf } from '../ca-bundle/guarded-webhooks.js'
import type { Sources } from '../facts/facts.js'
import type { KubeClient } from '../kube/client.js'
import type { Finding } from '../model/finding.js'
import type { RuleSettings } from '../model/rule-settings.js'
import { nameOf, parseSubject } from '../model/subject.js'
import { review, type ReviewContext } from '../review.js'
import { type EventObject, eventReasonOf, writeEvent } from './event.js'

/**
 * A finding and the webhook configuration that it is about, such as `mutatingwebhookconfiguration
 * pod-identity-webhook`.
 */
export interface ConfigurationFinding extends Finding {
  readonly object: string
  /** The configuration, if it contains a guarded webhook. Only then do its findings get an Event. */
  readonly about: EventObject | undefined
}

/** Checks every webhook configuration in the cluster with the same rules that `check` and the webhook use. */
export async function findConfigurationFaults(
  configurations: readonly unknown[],
  {
    guard,
    ...settings
  }: Pick<ReviewContext, 'at' | keyof RuleSettings> & {
    sources: Sources
    /** Names of further webhooks to guard, from the configuration. */
    guard: readonly string[]
  }
): Promise<readonly ConfigurationFinding[]> {
  const context = {
    ...settings,
    mode: 'audit' as const,
    deadline: { signal: AbortSignal.timeout(10_000) }
  }
  const verdicts = await Promise.all(
    configurations.map(async (configuration) => {
      const subject = parseSubject(configuration, { stage: 'running' })
      if (subject === undefined) return []
      const { findings } = await review(subject, context)
      const [guarded] = guardedWebhooksOf([configuration], guard)
      const about = guarded && { apiVersion: 'admissionregistration.k8s.io/v1', ...guarded.configuration }

      return findings.map((finding) => ({ ...finding, object: nameOf(subject), about }))
    })
  )

  return verdicts.flat().filter(({ waived }) => waived === undefined)
}

/**
 * Reports each finding that is new since the last round, and each one that is gone. Each gets a log line, and
 * also an Event if `hasEvent` is true. Rejects if the API server refuses an Event.
 */
export async function reportFindings(
  { client, log, now: at }: { client: KubeClient; log: Logger; now: Date },
  findings: readonly ConfigurationFinding[],
  before: readonly ConfigurationFinding[]
): Promise<void> {
  const keyOf = ({ object, rule, field }: ConfigurationFinding): string => `${object} ${rule} ${field}`
  const [now, then] = [new Set(findings.map(keyOf)), new Set(before.map(keyOf))]
  const appeared = findings.filter((finding) => !then.has(keyOf(finding)))
  const gone = before.filter((finding) => !now.has(keyOf(finding)))
  for (const { object, rule, severity, message, fix } of appeared)
    log.warn({ object, rule, severity, message, fix }, 'finding')
  for (const { object, rule } of gone) log.info({ object, rule }, 'finding resolved')

  for (const { about, rule, message, fix } of appeared.filter(hasEvent)) {
    const event = {
      type: 'Warning',
      reason: eventReasonOf(rule),
      message: `${rule}: ${message}; fix: ${fix}`
    } as const
    await writeEvent(client, { about, ...event }, at)
  }
  for (const { about, rule, field } of gone.filter(hasEvent)) {
    const event = {
      type: 'Normal',
      reason: `${eventReasonOf(rule)}Resolved`,
      message: `${rule}: ${field}: resolved`
    } as const
    await writeEvent(client, { about, ...event }, at)
  }
}

/** Whether a finding gets an Event. Bundle states and the canary have their own Events. */
const hasEvent = (
  finding: ConfigurationFinding
): finding is ConfigurationFinding & { readonly about: EventObject } =>
  finding.about !== undefined &&
  finding.severity !== 'info' &&
  finding.rule !== 'identity-webhook-not-mutating' &&
  !finding.rule.startsWith('ca-bundle-')
