import { isAbout, type ParsedException } from '../model/exception.js'
import type { Subject } from '../model/subject.js'
import { endOfDay } from '../text/day.js'
import { expiredAfter, type Waiver } from './waiver.js'

/**
 * The exception in the configuration for a rule and an object, as a waiver; undefined if there is none. If all
 * such exceptions have expired, the result says so.
 */
export function exceptionFor(
  exceptions: readonly ParsedException[],
  subject: Subject,
  rule: string,
  at: Date
): Waiver | undefined {
  const object = {
    kind: subject.kind === 'Workload' ? subject.resource : subject.kind,
    namespace: 'namespace' in subject ? subject.namespace : undefined,
    name: subject.name
  }
  const found = exceptions.filter((exception) => exception.rule === rule && isAbout(exception, object))
  const valid = found.find(({ until }) => until === undefined || !isOver(until, at))
  if (valid !== undefined)
    return { reason: valid.reason, ...(valid.until !== undefined && { until: valid.until }) }
  const [expired] = found

  return expired?.until === undefined
    ? undefined
    : {
        waiver: `the exception for ${expired.object} in the configuration`,
        lapsed: expiredAfter(expired.until)
      }
}

const isOver = (day: string, at: Date): boolean => at > (endOfDay(day) ?? at)
