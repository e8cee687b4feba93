import { readdirSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import t from 'tap'
import { parse } from 'yaml'
import { check } from '../../src/commands/check.js'
import { reportFormats } from '../../src/output/formats.js'
import { loadSnapshots } from '../../src/sources/iam-file/snapshot.js'
import { contextOf, sampleReport } from '../support/sample-report.js'
import { schemaErrors, type SchemaName, schemaOf } from '../support/schemas.js'

const names = [
  'report',
  'diagnosis',
  'preflight',
  'iam-snapshot',
  'config'
] as const satisfies readonly SchemaName[]

t.test('the package contains each schema under its ID', async (t) => {
  const { files, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    files: string[]
    exports: Record<string, unknown>
  }
  t.strictSame(
    readdirSync('schemas').filter((file) => file.endsWith('.json')),
    names.map((name) => `${name}.json`).sort()
  )
  t.ok(files.includes('schemas/*.json'))
  t.equal(exports['./schemas/*.json'], './schemas/*.json')
  for (const name of names)
    t.match(schemaOf(name), {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `https://irsa-guard.io/schemas/${name}.json`
    })
})

t.test('what check prints is a Report, and has no key that the schema does not mention', async (t) => {
  const objects = readdirSync('docs/rules').flatMap((page) =>
    [
      ...readFileSync(`docs/rules/${page}`, 'utf8').matchAll(
        /^```yaml(?: admitted)?\n(apiVersion[^]*?)^```/gm
      )
    ].map(([, yaml = '']) => yaml)
  )
  const read = async (manifests: string, iam: readonly string[]): Promise<unknown> => {
    let printed = ''
    await check(
      ['-'],
      { iam, failOn: 'error', failOnUnknown: false, output: [{ format: 'json', file: undefined }] },
      {
        stdin: Readable.from([manifests]),
        stdout: (text) => (printed += text),
        stderr: (text) => t.fail(text)
      }
    )
    return JSON.parse(printed)
  }
  for (const iam of [[], ['examples/iam.json']]) {
    const report = (await read(objects.join('---\n'), iam)) as typeof sampleReport
    t.ok(report.findings.length > 50 && report.unchecked.length > 10)
    t.strictSame(schemaErrors('report', report, { closed: true }), [])
  }
  t.strictSame(schemaErrors('report', JSON.parse(reportFormats.json(sampleReport, contextOf()))), [])
})

t.test('other reports are no Report', async (t) => {
  const [finding] = sampleReport.findings
  const { kind, ...withoutKind } = sampleReport
  t.equal(kind, 'Report')
  const table: readonly (readonly [report: unknown, error: RegExp])[] = [
    [withoutKind, /^ must have required property 'kind'/],
    [{ ...sampleReport, findings: [{ ...finding, severity: 'fatal' }] }, /severity must be equal to one of/],
    [{ ...sampleReport, findings: [{ ...finding, docs: 'rules/x' }] }, /docs must match pattern/],
    [{ ...sampleReport, summary: { ...sampleReport.summary, errors: -1 } }, /errors must be >= 0/]
  ]
  for (const [report, error] of table) t.match(schemaErrors('report', report), [error])
})

t.test('a Diagnosis has steps of known names and states', async (t) => {
  const diagnosis = {
    apiVersion: 'irsa-guard.io/v1',
    kind: 'Diagnosis',
    subject: { kind: 'Pod', namespace: 'shop', name: 'cart-6d5f7c9b84-x2x7q' },
    chain: 'irsa',
    runsAs: 'arn:aws:iam::111122223333:role/eks-node',
    first: 'identity-webhook',
    steps: [
      { step: 'pod', state: 'ok', message: 'Running for 3 h' },
      {
        step: 'identity-webhook',
        state: 'wrong',
        message: 'its caBundle is that of another cluster',
        rule: 'ca-bundle-foreign',
        fix: 'irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook --fix | sh'
      },
      { step: 'containers', state: 'follows', message: 'no token' },
      { step: 'role', state: 'unknown', message: 'role cart', because: 'IAM did not answer within 2 s' }
    ],
    fix: ['irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook --fix | sh']
  }
  t.strictSame(schemaErrors('diagnosis', diagnosis, { closed: true }), [])
  t.match(schemaErrors('diagnosis', { ...diagnosis, first: 'webhook' }), [/first must be equal/])
  t.match(schemaErrors('diagnosis', { ...diagnosis, chain: undefined }), [/required property 'chain'/])
  t.match(schemaErrors('diagnosis', { ...diagnosis, steps: [{ step: 'pod', state: 'ok' }] }), [/'message'/])
})

const snapshot = { apiVersion: 'irsa-guard.io/v1', kind: 'IamSnapshot' }
const association = {
  clusterName: 'prod',
  namespace: 'shop',
  serviceAccount: 'cart',
  roleArn: 'arn:aws:iam::111122223333:role/cart'
}

t.test('an IamSnapshot is what --iam accepts', async (t) => {
  const blocks = ['docs', 'docs/rules'].flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.md'))
      .flatMap((page) =>
        [...readFileSync(`${folder}/${page}`, 'utf8').matchAll(/^```json\n([^]*?)^```/gm)]
          .map(([, json = '']) => json)
          .filter((json) => json.includes('"IamSnapshot"'))
      )
  )
  t.ok(blocks.length > 5)
  for (const json of [...blocks, readFileSync('examples/iam.json', 'utf8')])
    t.strictSame(schemaErrors('iam-snapshot', JSON.parse(json), { closed: true }), [], json)

  const longName = 'a'.repeat(64)
  const accepted: readonly object[] = [
    snapshot,
    { ...snapshot, note: 'other keys are ignored' },
    {
      ...snapshot,
      roles: [{ arn: `arn:aws-cn:iam::111122223333:role//x/${longName}`, trustPolicy: '%7B%7D' }]
    },
    { ...snapshot, oidcProviders: [{ arn: 'arn:aws:iam::111122223333:oidc-provider/a.example' }] },
    { ...snapshot, cluster: { name: 'prod', arn: 'arn:aws:eks:us-east-1:111122223333:cluster/prod' } },
    {
      ...snapshot,
      associations: [
        { ...association, serviceAccount: 'a.b', externalId: 'x', disableSessionTags: true, policy: '{}' }
      ]
    }
  ]
  const rejected: readonly unknown[] = [
    [],
    { ...snapshot, kind: 'Snapshot' },
    { ...snapshot, apiVersion: 'v1' },
    { ...snapshot, accounts: [111122223333] },
    { ...snapshot, accounts: ['1111'] },
    { ...snapshot, issuer: 'oidc.eks.us-east-1.amazonaws.com' },
    { ...snapshot, takenAt: 5 },
    { ...snapshot, roles: {} },
    ...[
      'arn:aws:iam::111122223333:user/a',
      'arn:aws:iam::111122223333:role//a',
      'arn:aws:iam::111122223333:role/a/',
      `arn:aws:iam::111122223333:role/${longName}a`,
      `arn:aws:iam::111122223333:role/${'p'.repeat(511)}/a`,
      'arn:aws-:iam::111122223333:role/a'
    ].map((arn) => ({ ...snapshot, roles: [{ arn }] })),
    { ...snapshot, roles: [{ arn: association.roleArn, trustPolicy: 5 }] },
    { ...snapshot, oidcProviders: [{ arn: 'a.example' }] },
    { ...snapshot, oidcProviders: [{ arn: 'arn:aws:iam::111122223333:oidc-provider/a', clientIds: [1] }] },
    { ...snapshot, cluster: { name: 'prod' } },
    { ...snapshot, cluster: { name: 'prod', arn: 'arn:aws:eks:us-east-1:1:cluster/prod' } },
    ...Object.keys(association).map((key) => ({
      ...snapshot,
      associations: [{ ...association, [key]: undefined }]
    })),
    ...[
      { namespace: 'Shop' },
      { namespace: 'a.b' },
      { serviceAccount: '-a' },
      { clusterName: '' },
      { targetRoleArn: 'a' },
      { externalId: 1 },
      { disableSessionTags: 'yes' },
      { policy: {} }
    ].map((changes) => ({ ...snapshot, associations: [{ ...association, ...changes }] }))
  ]
  const load = (content: unknown): unknown => loadSnapshots([{ file: 'iam.json', content }])
  for (const content of accepted) {
    t.strictSame(schemaErrors('iam-snapshot', content), [], JSON.stringify(content))
    t.doesNotThrow(() => load(content), JSON.stringify(content))
  }
  for (const content of rejected) {
    t.not(schemaErrors('iam-snapshot', content).length, 0, JSON.stringify(content))
    t.throws(() => load(content), { code: 'ERR_IAM_SNAPSHOT' }, JSON.stringify(content))
  }
})

t.test('the config on its page is a config', async (t) => {
  const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(readFileSync('docs/config.md', 'utf8')) ?? []
  t.strictSame(schemaErrors('config', parse(yaml)), [])
  t.match(schemaErrors('config', { mode: 'warnn' }), [/mode must be equal to one of the allowed values/])
})
