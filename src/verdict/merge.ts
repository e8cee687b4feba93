import type { Finding, Unchecked } from '../model/finding.js'
import type { Verdict } from './decide.js'

/**
 * Merges the verdicts on the parts of an object. The object is allowed if every part is. If several parts have the
 * same finding, it is reported once, for the first part, with the fields of the other parts in `alsoAt`.
 */
export function mergeVerdicts(verdicts: readonly [Verdict, ...Verdict[]]): Verdict {
  const ages = verdicts.flatMap(({ iamAge }) => iamAge ?? [])

  return {
    allowed: verdicts.every(({ allowed }) => allowed),
    mode: verdicts[0].mode, // only in `check` can the parts have different namespaces, and it ignores the mode
    findings: mergeFindings(verdicts.flatMap(({ findings }) => findings)),
    unchecked: mergeUnchecked(verdicts.flatMap(({ unchecked }) => unchecked)),
    iamAge: ages.length === 0 ? undefined : Math.max(...ages)
  }
}

function mergeFindings(findings: readonly Finding[]): Finding[] {
  const merged = Map.groupBy(findings, ({ rule, severity, message, fix }) =>
    JSON.stringify([rule, severity, message, fix])
  )

  return [...merged.values()].flatMap(([first, ...same]) => {
    if (first === undefined) return []
    const others = new Set(same.map(({ field }) => field))
    others.delete(first.field)

    return others.size === 0 ? first : { ...first, alsoAt: [...others] }
  })
}

const mergeUnchecked = (unchecked: readonly Unchecked[]): Unchecked[] => [
  ...new Map(unchecked.map((one) => [JSON.stringify([one.rule, one.because]), one])).values()
]
