import type { Finding, Unchecked } from '../../src/model/finding.js'
import { type ObjectReference, type ObjectVerdict, type Report, reportOf } from '../../src/output/report.js'

const account: ObjectReference = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  namespace: 'shop',
  name: 'a',
  file: 'a.yaml',
  line: 1
}

/** The verdict on one object, by default a service account in a file. */
export const verdictOn = (
  object: Partial<ObjectReference>,
  findings: readonly (Finding & { readonly line?: number })[],
  unchecked: readonly Unchecked[] = []
): ObjectVerdict => ({ object: { ...account, ...object }, findings, unchecked })

/** A report of the given verdicts, each on an object of a kind that is judged. */
export const reportOn = (...verdicts: readonly ObjectVerdict[]): Report =>
  reportOf(
    { objects: verdicts.length, judged: verdicts.length },
    verdicts,
    (rule) => `The summary of ${rule}.`
  )

/** A report about one service account for each list of findings. */
export const reportWith = (...findings: readonly (readonly Finding[])[]): Report =>
  reportOn(
    ...findings.map((findings, index) =>
      verdictOn(
        { name: `a${index}` },
        findings.map((finding) => ({ ...finding, line: index + 2 }))
      )
    )
  )
