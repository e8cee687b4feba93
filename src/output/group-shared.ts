import type { Report } from './report.js'

type Reported = Report['findings'][number]

/** One finding, and the objects that have it. */
export interface Shared {
  readonly finding: Reported
  readonly objects: readonly Reported['object'][]
}

/**
 * Groups findings that differ only in their object if the owner of the object cannot fix the cause. The group
 * takes the place of the first finding.
 */
export function groupShared(findings: readonly Reported[]): Shared[] {
  const groups = Map.groupBy(findings, (finding) => {
    const { rule, severity, field, message, fix, waived, shared } = finding

    return shared ? JSON.stringify([rule, severity, field, message, fix, waived]) : finding
  })

  return [...groups.values()].flatMap((group) => {
    const [finding] = group

    return finding === undefined ? [] : { finding, objects: group.map(({ object }) => object) }
  })
}
