import type { Finding, Unchecked } from '../model/finding.js'
import type { Owner } from '../model/kubernetes-object.js'

/** The object that a finding is about, and its position. */
export interface ObjectReference {
  readonly apiVersion: string
  readonly kind: string
  /** Left out if the object has no namespace. */
  readonly namespace?: string
  readonly name: string
  /** The object that controls this one, such as the ReplicaSet of a pod. */
  readonly owner?: Owner
  readonly file: string
  readonly line: number
}

export interface Report {
  readonly findings: readonly (Finding & { readonly object: ObjectReference })[]
  readonly unchecked: readonly {
    rule: string
    because: string
    count: number
    objects: readonly ObjectReference[]
  }[]
  readonly summary: Readonly<
    Record<'objects' | 'errors' | 'warnings' | 'infos' | 'waived' | 'unchecked', number>
  >
}

/** Combines the verdicts on many objects. Unchecked rules are grouped by rule and reason. */
export function reportOf(
  objects: number,
  verdicts: readonly {
    object: ObjectReference
    findings: readonly (Finding & { line: number })[]
    unchecked: readonly Unchecked[]
  }[]
): Report {
  const findings = verdicts.flatMap(({ object, findings }) =>
    findings.map(({ line, ...finding }) => ({ ...finding, object: { ...object, line } }))
  )
  const groups = new Map<
    string,
    { rule: string; because: string; count: number; objects: ObjectReference[] }
  >()
  for (const { object, unchecked } of verdicts) {
    for (const { rule, because } of unchecked) {
      const key = `${rule} ${because}`
      const group = groups.get(key) ?? { rule, because, count: 0, objects: [] }
      group.count++
      if (group.objects.length < 10) group.objects.push(object)
      groups.set(key, group)
    }
  }
  const counted = findings.filter(({ waived }) => waived === undefined)
  const count = (severity: string): number =>
    counted.filter((finding) => finding.severity === severity).length

  return {
    findings,
    unchecked: [...groups.values()],
    summary: {
      objects,
      errors: count('error'),
      warnings: count('warning'),
      infos: count('info'),
      waived: findings.length - counted.length,
      unchecked: [...groups.values()].reduce((sum, group) => sum + group.count, 0)
    }
  }
}
