import type { Logger } from 'pino'
import type { Sources } from '../facts/facts.js'
import type { Finding, Severity } from '../model/finding.js'
import { nameOf, parseSubject } from '../model/subject.js'
import { review } from '../review.js'

/**
 * A finding and the webhook configuration that it is about, such as `mutatingwebhookconfiguration
 * pod-identity-webhook`.
 */
export interface ConfigurationFinding extends Finding {
  readonly object: string
}

/** Judges every webhook configuration of the cluster by the rules that `check` and the webhook have. */
export async function findConfigurationFaults(
  configurations: readonly unknown[],
  {
    sources,
    severities,
    at
  }: { sources: Sources; severities: ReadonlyMap<string, Severity | 'off'>; at: Date }
): Promise<readonly ConfigurationFinding[]> {
  const context = {
    sources,
    severities,
    mode: 'audit' as const,
    at,
    deadline: { signal: AbortSignal.timeout(10_000) }
  }
  const verdicts = await Promise.all(
    configurations.map(async (configuration) => {
      const subject = parseSubject(configuration, { stage: 'running' })
      if (subject === undefined) return []
      const { findings } = await review(subject, context)

      return findings.map((finding) => ({ ...finding, object: nameOf(subject) }))
    })
  )

  return verdicts.flat().filter(({ waived }) => waived === undefined)
}

/** Logs what was not there the time before, and what is there no more. */
export function logChanges(
  log: Logger,
  findings: readonly ConfigurationFinding[],
  before: readonly ConfigurationFinding[]
): void {
  const keyOf = ({ object, rule, field }: ConfigurationFinding): string => `${object} ${rule} ${field}`
  const [now, then] = [new Set(findings.map(keyOf)), new Set(before.map(keyOf))]
  for (const finding of findings) {
    const { object, rule, severity, message, fix } = finding
    if (!then.has(keyOf(finding))) log.warn({ object, rule, severity, message, fix }, 'finding')
  }
  for (const finding of before)
    if (!now.has(keyOf(finding))) log.info({ object: finding.object, rule: finding.rule }, 'finding is gone')
}
