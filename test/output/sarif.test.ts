import t from 'tap'
import type { ObjectReference, ObjectVerdict } from '../../src/output/report.js'
import { sarifOf } from '../../src/output/sarif.js'
import { contextOf, findingOf, objectOf, reportOfVerdicts, sampleReport } from '../support/sample-report.js'
import { sarifErrors } from '../support/sarif-errors.js'

interface Log {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly Record<string, unknown>[] } }
      readonly invocations: readonly [
        {
          readonly executionSuccessful: boolean
          readonly toolExecutionNotifications: readonly Record<string, unknown>[]
        }
      ]
      readonly originalUriBaseIds?: Readonly<Record<string, unknown>>
      readonly results: readonly Record<string, unknown>[]
    }
  ]
}

const runOf = (...[report, context]: Parameters<typeof sarifOf>): Log['runs'][0] =>
  (sarifOf(report, context) as Log).runs[0]

t.test('is valid by the schema of OASIS, with and without findings', async (t) => {
  t.strictSame(sarifErrors(sarifOf(sampleReport, contextOf())), [])
  t.strictSame(sarifErrors(sarifOf(sampleReport, contextOf({ complaints: ['there is no file a.yaml'] }))), [])
  t.strictSame(sarifErrors(sarifOf(reportOfVerdicts(), contextOf())), [])
  t.not(sarifErrors({ version: '2.1.0', runs: [{ tool: {} }] }).length, 0, 'the schema rejects other logs')
})

t.test('describes every rule with what GitHub requires', async (t) => {
  const { rules } = contextOf()
  const described = runOf(sampleReport, contextOf()).tool.driver.rules
  t.strictSame(
    described.map(({ id }) => id),
    rules.map(({ id }) => id)
  )
  t.strictSame(
    described.find(({ id }) => id === 'role-missing'),
    {
      id: 'role-missing',
      shortDescription: { text: rules.find(({ id }) => id === 'role-missing')?.summary },
      fullDescription: { text: rules.find(({ id }) => id === 'role-missing')?.summary },
      help: {
        text: `${rules.find(({ id }) => id === 'role-missing')?.summary} More: https://irsa-guard.io/v0.1.0/rules/role-missing`,
        markdown: `${rules.find(({ id }) => id === 'role-missing')?.summary} [Why it matters and how to fix it](https://irsa-guard.io/v0.1.0/rules/role-missing)`
      },
      helpUri: 'https://irsa-guard.io/v0.1.0/rules/role-missing',
      defaultConfiguration: { level: 'error' },
      properties: { 'problem.severity': 'error' }
    }
  )
  for (const { id, summary } of rules) t.ok(summary.length <= 1024, `GitHub's limit of descriptions: ${id}`)
})

t.test('locates a finding by file and line, or by the name of an object in a cluster', async (t) => {
  const { results } = runOf(sampleReport, contextOf())
  const [cart] = results
  t.match(cart, {
    ruleId: 'role-missing',
    level: 'error',
    message: { text: 'ServiceAccount shop/cart: role team/cart does not exist\nfix: create the role' },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'deploy/shop.yaml', uriBaseId: '%SRCROOT%' },
          region: { startLine: 15 }
        },
        logicalLocations: [{ name: 'cart', fullyQualifiedName: 'shop/ServiceAccount/cart', kind: 'resource' }]
      }
    ],
    partialFingerprints: { 'irsaGuardFinding/v1': /^[0-9a-f]{16}$/ }
  })
  const rule = contextOf().rules[Number(cart?.['ruleIndex'])]
  t.equal(rule?.id, 'role-missing')
  t.strictSame(results.find(({ ruleId }) => ruleId === 'mutation-skipped')?.['locations'], [
    {
      physicalLocation: {
        artifactLocation: { uri: 'prod-eu/pay/Deployment/api', uriBaseId: 'CLUSTER' },
        region: { startLine: 1 }
      },
      logicalLocations: [{ name: 'api', fullyQualifiedName: 'prod-eu/pay/Deployment/api', kind: 'resource' }]
    }
  ])
})

t.test('gives every object in a cluster a place that GitHub accepts', async (t) => {
  const inCluster = (object: Partial<ObjectReference>): ObjectVerdict => ({
    object: { apiVersion: 'v1', kind: 'Pod', name: 'a', ...object },
    findings: [findingOf('role-missing')],
    unchecked: [{ rule: '*', because: 'pods could not be read' }]
  })
  const run = runOf(
    reportOfVerdicts(
      inCluster({ cluster: 'arn:aws:eks:eu-west-1:111122223333:cluster/prod', namespace: 'shop' }),
      inCluster({ namespace: 'shop' }),
      inCluster({ cluster: '..', namespace: '../..', name: '' }),
      inCluster({ cluster: 'a b\ud800', name: '%' })
    ),
    contextOf()
  )
  t.strictSame(sarifErrors({ version: '2.1.0', runs: [run] }), [])
  const placed = [...run.results, ...run.invocations[0].toolExecutionNotifications].flatMap(
    ({ locations }) =>
      locations as { physicalLocation: { artifactLocation: { uri: string; uriBaseId: string } } }[]
  )
  t.strictSame(
    placed.slice(0, 4).map(({ physicalLocation }) => physicalLocation.artifactLocation.uri),
    [
      'arn%3Aaws%3Aeks%3Aeu-west-1%3A111122223333%3Acluster%2Fprod/shop/Pod/a',
      'shop/Pod/a',
      '..%2F../Pod',
      'a%20b%EF%BF%BD/Pod/%25'
    ]
  )
  for (const { physicalLocation } of placed) {
    const { uri, uriBaseId } = physicalLocation.artifactLocation
    t.ok(uriBaseId in (run.originalUriBaseIds ?? {}), 'the base is declared')
    // GitHub accepts no scheme except file: and finds files below the root of the repository.
    t.notOk(URL.canParse(uri), uri)
    t.ok(new URL(uri, 'file:///root/').href.startsWith('file:///root/'), uri)
  }
})

t.test('names files so that consumers find them', async (t) => {
  const uriOf = (file: string): unknown =>
    runOf(
      reportOfVerdicts({ object: objectOf('cart', { file }), findings: [findingOf('x')], unchecked: [] }),
      contextOf()
    ).results[0]?.['locations']
  const table: readonly (readonly [file: string, location: object])[] = [
    ['deploy/a.yaml', { uri: 'deploy/a.yaml', uriBaseId: '%SRCROOT%' }],
    ['./deploy//a.yaml', { uri: 'deploy/a.yaml', uriBaseId: '%SRCROOT%' }],
    ['a b#c:d?.yaml', { uri: 'a%20b%23c%3Ad%3F.yaml', uriBaseId: '%SRCROOT%' }],
    ['..a/b.yaml', { uri: '..a/b.yaml', uriBaseId: '%SRCROOT%' }],
    ['../other/a.yaml', { uri: 'file:///repo/other/a.yaml' }],
    ['/tmp/a.yaml', { uri: 'file:///tmp/a.yaml' }]
  ]
  for (const [file, artifactLocation] of table)
    t.match(uriOf(file), [{ physicalLocation: { artifactLocation } }], file)
})

t.test('suppresses what is waived, and says when a finding was first seen', async (t) => {
  const report = reportOfVerdicts({
    object: objectOf('cart'),
    findings: [findingOf('role-missing', { waived: 'moves in May' }), findingOf('not-a-rule')],
    unchecked: []
  })
  const [first, ...others] = report.findings
  if (first === undefined) throw new Error('the report has findings')
  const { results } = runOf(
    { ...report, findings: [{ ...first, since: '2026-05-01T08:12:00Z' }, ...others] },
    contextOf()
  )
  t.match(results[0], {
    suppressions: [{ kind: 'inSource', status: 'accepted', justification: 'moves in May' }],
    provenance: { firstDetectionTimeUtc: '2026-05-01T08:12:00Z' }
  })
  t.notOk(results[1] && 'suppressions' in results[1])
  t.notOk(results[1] && 'ruleIndex' in results[1], 'a finding of no rule in the list')
})

t.test('reports what was not checked, and whether all input was read', async (t) => {
  const [complete] = runOf(sampleReport, contextOf()).invocations
  t.equal(complete.executionSuccessful, true)
  t.match(complete.toolExecutionNotifications, [
    {
      level: 'note',
      message: {
        text: 'not checked: oidc-provider-missing for 1 object: no IAM facts were given (pass --iam FILE or --aws)'
      },
      associatedRule: { id: 'oidc-provider-missing' }
    },
    { level: 'note', message: { text: 'not checked: all rules for 1 object: no rule reads this place' } }
  ])
  const [incomplete] = runOf(sampleReport, contextOf({ complaints: ['there is no file a.yaml'] })).invocations
  t.equal(incomplete.executionSuccessful, false)
  t.strictSame(incomplete.toolExecutionNotifications[0], {
    level: 'error',
    message: { text: 'there is no file a.yaml' }
  })
})
