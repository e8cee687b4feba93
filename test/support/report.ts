import type { Finding } from '../../src/model/finding.js'
import { reportOf } from '../../src/output/report.js'

/** A report about one service account for each list of findings. */
export const reportWith = (...findings: readonly (readonly Finding[])[]): ReturnType<typeof reportOf> =>
  reportOf(
    { objects: findings.length, judged: findings.length },
    findings.map((findings, index) => ({
      object: {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        namespace: 'shop',
        name: `a${index}`,
        file: 'a.yaml',
        line: 1
      },
      findings: findings.map((finding) => ({ ...finding, line: index + 2 })),
      unchecked: []
    })),
    (rule) => `summary of ${rule}`
  )
