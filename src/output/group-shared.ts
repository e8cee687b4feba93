import type { Report } from './report.js'

type Reported = Report['findings'][number]

/** One finding, and the objects that have it. */
export interface Shared {
  readonly finding: Reported
  readonly objects: readonly Reported['object'][]
}

/**
 * Puts findings together that differ in nothing but their object, where its owner cannot mend the cause; at
 * the place of the first.
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
