import type { Finding } from '../../src/model/finding.js'
import type { FormatContext } from '../../src/output/format-context.js'
import { type ObjectReference, type ObjectVerdict, type Report, reportOf } from '../../src/output/report.js'
import { plainStyle } from '../../src/output/style.js'
import { rules } from '../../src/rules/index.js'

export const findingOf = (rule: string, changes: Partial<Finding> & { line?: number } = {}): Finding => ({
  rule,
  severity: 'error',
  field: 'metadata.annotations["eks.amazonaws.com/role-arn"]',
  message: 'role team/cart does not exist',
  fix: 'create the role',
  docs: `https://irsa-guard.io/v0.1.0/rules/${rule}`,
  ...changes
})

export const objectOf = (name: string, changes: Partial<ObjectReference> = {}): ObjectReference => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  namespace: 'shop',
  name,
  file: '/repo/shop/deploy/shop.yaml',
  ...changes
})

export const reportOfVerdicts = (...verdicts: readonly ObjectVerdict[]): Report =>
  reportOf(
    { objects: verdicts.length + 1, judged: verdicts.length },
    verdicts,
    (id) => rules.find((rule) => rule.id === id)?.summary ?? id
  )

/** A report with a finding of each kind, for objects in files and in a cluster. */
export const sampleReport = reportOfVerdicts(
  {
    object: objectOf('cart', { line: 1 }),
    findings: [
      { ...findingOf('role-missing', { cause: 'arn:aws:iam::111122223333:role/team/cart' }), line: 15 },
      {
        ...findingOf('trust-subject-too-broad', {
          severity: 'warning',
          message: 'the role trusts every service account of the cluster',
          alsoAt: ['metadata.annotations["a"]']
        }),
        line: 15
      }
    ],
    unchecked: [
      { rule: 'oidc-provider-missing', because: 'no IAM facts were given (pass --iam FILE or --aws)' }
    ]
  },
  {
    object: objectOf('mail', { line: 20 }),
    findings: [
      { ...findingOf('role-missing', { cause: 'arn:aws:iam::111122223333:role/team/cart' }), line: 27 },
      { ...findingOf('role-annotation-misspelt', { severity: 'info', waived: 'moves in May' }), line: 28 }
    ],
    unchecked: [{ rule: '*', because: 'no rule reads this place' }]
  },
  {
    object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'pay', name: 'api', cluster: 'prod-eu' },
    findings: [findingOf('mutation-skipped', { severity: 'info', message: 'no pod is mutated' })],
    unchecked: []
  }
)

export const contextOf = (changes: Partial<FormatContext> = {}): FormatContext => ({
  rules,
  style: plainStyle,
  failOn: 'error',
  complaints: [],
  workingDirectory: '/repo/shop',
  ...changes
})
