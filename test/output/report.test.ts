import t from 'tap'
import type { Finding } from '../../src/model/finding.js'
import type { ObjectVerdict, Report } from '../../src/output/report.js'
import { reportOn, verdictOn } from '../support/report.js'

const role = 'arn:aws:iam::111122223333:role/team/cart'
const finding: Finding = {
  rule: 'trust-subject-mismatch',
  severity: 'error',
  field: 'metadata.annotations["eks.amazonaws.com/role-arn"]',
  message: 'role cart does not trust it',
  fix: 'add it',
  docs: 'https://irsa-guard.io/v0.1.0/rules/trust-subject-mismatch'
}
const atRole: Finding = { ...finding, cause: role }

/** How many findings each cause has. */
const countsOf = (...verdicts: readonly ObjectVerdict[]): number[] =>
  reportOn(...verdicts).causes.map(({ count }) => count)

t.test('findings about one role have one cause, in all accounts and files', async (t) => {
  const verdicts = ['a', 'b', 'c'].map((name) =>
    verdictOn({ name, namespace: `ns-${name}`, file: `${name}.yaml` }, [atRole])
  )
  const { causes, findings } = reportOn(...verdicts)
  t.match(causes, [
    { rule: atRole.rule, severity: 'error', summary: atRole.message, fix: 'add it', count: 3 }
  ])
  t.strictSame(
    causes[0]?.objects.map(({ name }) => name),
    ['a', 'b', 'c']
  )
  t.ok(findings.every(({ cause }) => cause === causes[0]?.id))
  t.strictSame(
    countsOf(verdictOn({ name: 'a' }, [finding]), verdictOn({ name: 'b' }, [finding])),
    [1, 1],
    'the same words without a common cause are two mistakes'
  )
  const many = Array.from({ length: 12 }, (_, index) => verdictOn({ name: `a${index}` }, [atRole]))
  t.match(reportOn(...many).causes, [{ count: 12, objects: { length: 10 } }], 'the first ten objects')
})

t.test('findings of one controller have one cause if they are the same', async (t) => {
  const pod = (name: string, owner: string, changed: Partial<Finding> = {}, namespace = 'shop') =>
    verdictOn({ kind: 'Pod', name, namespace, owner: { kind: 'ReplicaSet', name: owner } }, [
      { ...finding, ...changed }
    ])
  t.strictSame(countsOf(pod('a', 'web'), pod('b', 'web')), [2])
  t.strictSame(countsOf(pod('a', 'web'), pod('b', 'api')), [1, 1])
  t.strictSame(countsOf(pod('a', 'web'), pod('b', 'web', {}, 'pay')), [1, 1])
  t.strictSame(countsOf(pod('a', 'web'), pod('b', 'web', { message: 'another' })), [1, 1])
  t.strictSame(countsOf(pod('a', 'web'), pod('b', 'web', { fix: 'another' })), [1, 1])
  t.strictSame(countsOf(pod('a', 'web'), pod('b', 'web', { field: 'spec' })), [1, 1])
})

t.test('rules, severities, waivers, roles and clusters are apart', async (t) => {
  const differing = (changed: Partial<Finding>): number[] =>
    countsOf(verdictOn({ name: 'a' }, [atRole]), verdictOn({ name: 'b' }, [{ ...atRole, ...changed }]))
  t.strictSame(differing({}), [2])
  t.strictSame(differing({ rule: 'trust-audience-mismatch' }), [1, 1])
  t.strictSame(differing({ severity: 'warning' }), [1, 1])
  t.strictSame(differing({ waived: 'for now' }), [1, 1])
  t.strictSame(differing({ cause: `${role}-2` }), [1, 1])
  t.strictSame(
    countsOf(verdictOn({ cluster: 'eu' }, [atRole]), verdictOn({ cluster: 'us' }, [atRole])),
    [1, 1]
  )
})

t.test(
  'a cause whose findings differ has the summary of its rule, and says for whom its fix is',
  async (t) => {
    const [one, other] = ['a', 'b'].map((name) =>
      verdictOn({ name }, [{ ...atRole, message: `not ${name}`, fix: `add ${name}` }])
    ) as [ObjectVerdict, ObjectVerdict]
    t.match(reportOn(one, other).causes, [
      { summary: `${role}: the summary of trust-subject-mismatch`, fix: 'for shop/a: add a' }
    ])
    const inCluster = ['a', 'b'].map((name) =>
      verdictOn({ name }, [{ ...finding, cause: 'cluster', message: name }])
    )
    t.match(reportOn(...inCluster).causes, [
      { summary: 'the summary of trust-subject-mismatch', fix: 'add it' }
    ])
  }
)

t.test('the worst causes come first', async (t) => {
  const { causes } = reportOn(
    verdictOn({ name: 'a' }, [{ ...finding, severity: 'info' }]),
    verdictOn({ name: 'b' }, [{ ...finding, severity: 'warning' }]),
    verdictOn({ name: 'c' }, [{ ...finding, rule: 'role-missing' }]),
    verdictOn({ name: 'd' }, [atRole]),
    verdictOn({ name: 'e' }, [atRole])
  )
  t.strictSame(
    causes.map(({ severity, count }) => [severity, count]),
    [
      ['error', 2],
      ['error', 1],
      ['warning', 1],
      ['info', 1]
    ]
  )
})

/** The fingerprint of the only finding. */
function fingerprintOf(...parameters: Parameters<typeof verdictOn>): string {
  const { findings } = reportOn(verdictOn(...parameters))
  t.equal(findings.length, 1)

  return findings[0]?.fingerprint ?? ''
}

t.test('a fingerprint stays when lines, files, messages and versions change', async (t) => {
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  const given = fingerprintOf(web, [{ ...finding, line: 3 }])
  t.match(given, /^[0-9a-f]{16}$/)
  for (const [object, changed] of [
    [{}, { line: 9 }],
    [{ file: 'moved/b.yaml', line: 4 }, {}],
    [{ apiVersion: 'apps/v1beta1' }, {}],
    [{ owner: { kind: 'Rollout', name: 'web' } }, {}],
    [{}, { message: 'other words', fix: 'another', severity: 'warning', waived: 'why' }],
    [{}, { cause: role }]
  ] as const)
    t.equal(fingerprintOf({ ...web, ...object }, [{ ...finding, line: 3, ...changed }]), given)
  for (const [object, changed] of [
    [{ name: 'api' }, {}],
    [{ namespace: 'pay' }, {}],
    [{ kind: 'StatefulSet' }, {}],
    [{ apiVersion: 'example.com/v1' }, {}],
    [{ cluster: 'eu' }, {}],
    [{}, { rule: 'role-missing' }],
    [{}, { field: 'spec' }]
  ] as const)
    t.not(fingerprintOf({ ...web, ...object }, [{ ...finding, ...changed }]), given)
  t.not(
    fingerprintOf({ name: '', file: 'a.yaml' }, [finding]),
    fingerprintOf({ name: '', file: 'b.yaml' }, [finding]),
    'a file is the identity of an object without a name'
  )
})

t.test('equal findings of one object have different fingerprints, the same in each run', async (t) => {
  const run = (): string[] =>
    reportOn(verdictOn({}, [finding, { ...finding, message: 'another' }, finding])).findings.map(
      ({ fingerprint }) => fingerprint
    )
  t.equal(new Set(run()).size, 3)
  t.strictSame(run(), run())
  t.equal(run()[0], fingerprintOf({}, [finding]))
})

t.test('a reason that ends with advice has a hint', async (t) => {
  const uncheckedOf = (...reasons: readonly string[]): Report['unchecked'] =>
    reportOn(
      verdictOn(
        {},
        [],
        reasons.map((because) => ({ rule: 'role-missing', because }))
      )
    ).unchecked
  t.match(uncheckedOf('the issuer is unknown (pass --issuer URL)'), [
    { because: 'the issuer is unknown', hint: 'pass --issuer URL', count: 1 }
  ])
  t.strictSame(
    uncheckedOf('IAM did not answer (timeout)', 'it (pass x) is', '(pass x)').map(({ because, hint }) => [
      because,
      hint
    ]),
    [
      ['IAM did not answer (timeout)', undefined],
      ['it (pass x) is', undefined],
      ['(pass x)', undefined]
    ]
  )
})

t.test('the summary counts objects and findings', async (t) => {
  const { summary, apiVersion, kind, tool } = reportOn(
    verdictOn({ name: 'a' }, [finding, { ...finding, severity: 'info' }]),
    verdictOn({ name: 'b' }, [{ ...finding, waived: 'x' }], [{ rule: 'role-missing', because: 'no IAM' }])
  )
  t.strictSame(summary, {
    ...{ objects: 2, judged: 2, errors: 1, warnings: 0, infos: 1, waived: 1, unchecked: 1 }
  })
  t.match(
    { apiVersion, kind, tool },
    { apiVersion: 'irsa-guard.io/v1', kind: 'Report', tool: { version: /^\d/ } }
  )
})
