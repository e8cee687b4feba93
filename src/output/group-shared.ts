import type { Report } from './report.js'

type Reported = Report['findings'][number]

/** One finding, and the objects that have it. */
export interface Shared {
  readonly finding: Reported
  readonly objects: readonly Reported['object'][]
}

/**
 * Groups findings that differ only in their object if they have one cause: something outside the objects, or
 * the controller that the objects belong to. The group takes the place of the first finding.
 */
export function groupShared(findings: readonly Reported[]): Shared[] {
  const groups = Map.groupBy(findings, (finding) => {
    const { rule, severity, field, message, fix, waived, shared, object } = finding
    if (!shared && object.owner === undefined) return finding

    const owner = shared ? undefined : [object.namespace, object.owner]
    return JSON.stringify([rule, severity, field, message, fix, waived, owner])
  })

  return [...groups.values()].flatMap((group) => {
    const [finding] = group

    return finding === undefined ? [] : { finding, objects: group.map(({ object }) => object) }
  })
}
