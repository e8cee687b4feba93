import type { Logger } from 'pino'
import type { KubeClient } from '../../kube/client.js'
import type { ReportedFinding } from '../../output/report.js'
import { reasonOf } from '../../text/escape.js'
import { eventReasonOf, type GuardEvent, writeEvent } from '../event.js'
import type { FindingChanges } from './namespace-findings.js'

/** Writes Events about findings that have appeared or are gone, at a limited rate. */
export interface FindingEvents {
  write(changes: FindingChanges): Promise<void>
}

/** This many Events can be written at once. Each further interval permits one more. */
const [maxEvents, eventInterval] = [50, 30_000]

/**
 * Builds the writer of Events. Findings in one namespace that have the same cause share an Event. If a change
 * to one role breaks thousands of namespaces, only the first Events are written, and the log states the number
 * of the others.
 */
export function buildFindingEvents(client: KubeClient, log: Logger, now: () => Date): FindingEvents {
  let tokens = maxEvents
  let refilledAt = now().getTime()

  return {
    write: async (changes) => {
      const time = now()
      tokens = Math.min(maxEvents, tokens + (time.getTime() - refilledAt) / eventInterval)
      refilledAt = time.getTime()
      const events = eventsOf(changes)
      const affordable = events.slice(0, Math.floor(tokens))
      tokens -= affordable.length
      let refused = 0
      let because: string | undefined
      for (const event of affordable) {
        // A namespace that is being deleted refuses new Events. The other Events must still be written.
        await writeEvent(client, event, time).catch((error: unknown) => {
          refused++
          because = reasonOf(error)
        })
      }
      if (refused > 0) log.warn({ events: refused, because }, 'Events were not written')
      if (events.length > affordable.length)
        log.warn({ events: events.length - affordable.length }, 'many findings changed; some got no Event')
    }
  }
}

/** The Events about changed findings, except those of severity info. New findings come first. */
export function eventsOf({ appeared, gone }: FindingChanges): GuardEvent[] {
  return [
    ...groupsOf(appeared).map(([first, ...others]): GuardEvent => {
      const { rule, message, fix } = first
      return {
        about: aboutOf(first),
        type: 'Warning',
        reason: eventReasonOf(rule),
        message: `${rule}: ${message}${othersOf(others)}; fix: ${fix}`
      }
    }),
    ...groupsOf(gone).map(([first, ...others]): GuardEvent => ({
      about: aboutOf(first),
      type: 'Normal',
      reason: `${eventReasonOf(first.rule)}Resolved`,
      message: `${first.rule}: ${first.field}: resolved${othersOf(others)}`
    }))
  ]
}

type Group = readonly [ReportedFinding, ...ReportedFinding[]]

function groupsOf(findings: readonly ReportedFinding[]): Group[] {
  const shown = findings.filter(({ severity }) => severity !== 'info')

  return [...Map.groupBy(shown, ({ cause, object }) => `${object.namespace ?? ''} ${cause}`).values()].map(
    (group) => group as [ReportedFinding, ...ReportedFinding[]] // groupBy makes no empty groups
  )
}

const othersOf = (others: readonly ReportedFinding[]): string =>
  others.length === 0 ? '' : ` (and ${others.length} more in this namespace)`

const aboutOf = ({ object }: ReportedFinding): GuardEvent['about'] => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  name: object.name,
  ...(object.namespace !== undefined && { namespace: object.namespace })
})
