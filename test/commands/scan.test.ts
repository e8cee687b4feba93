import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { runCli as run } from '../support/run-cli.js'

const offline = (...args: string[]): string[] => [
  ...['scan', 'examples/service-accounts.yaml', '--iam', 'examples/iam.json'],
  ...args
]

t.test('scans the files of a cluster', async (t) => {
  const { code, stdout, stderr } = await run(offline())
  t.equal(code, 1)
  t.equal(stderr, '')
  t.match(
    stdout,
    /^3 service accounts: 2 IRSA, Pod Identity unknown · 0 pods\n\n +hits {2}cause\n✗ 1 account {2}/
  )
  t.match(stdout, /^ +irsa-guard explain role-missing$/m)
  t.match(
    stdout,
    /\n✗ 2 errors · 3 objects judged · \d+(?:\.\d)? s · \d{4}-\d\d-\d\dT\d\d:\d\dZ · all objects: -v\n$/
  )
  t.match(
    await run(
      ['scan', '-', '--iam', 'examples/iam.json'],
      readFileSync('examples/service-accounts.yaml', 'utf8')
    ),
    {
      code: 1,
      stdout: /✗ 2 errors/
    }
  )
  t.equal((await run(offline('--fail-on', 'never'))).code, 0)
  t.match(await run(offline('--rule', 'role-missing', '--rule', 'role-path-mismatch')), {
    stdout: /✗ 1 error · /
  })
})

t.test('writes a report that is a baseline later', async (t) => {
  const baseline = `${t.testdir({})}/report.json`
  const { stdout } = await run(offline('-o', 'text', '-o', `json=${baseline}`, '--unused'))
  t.match(stdout, /✗ 2 errors/)
  t.match(JSON.parse(readFileSync(baseline, 'utf8')), {
    kind: 'Report',
    clusters: [{ serviceAccounts: 3, irsa: 2, pods: 0 }],
    findings: [{ since: /^\d{4}-/ }, {}],
    unused: { serviceAccounts: [{ name: 'cart' }, { name: 'mail' }] }
  })
  t.match(await run(offline('--baseline', baseline, '--fail-on-new')), {
    code: 0,
    stdout: /against baseline {2}\+0 new, −0 gone/
  })
  const empty = `${t.testdirName}/empty.json`
  writeFileSync(empty, JSON.stringify({ apiVersion: 'irsa-guard.io/v1', kind: 'Report', findings: [] }))
  t.match(await run(offline('--baseline', empty, '--fail-on-new')), { code: 1, stdout: /\+2 new/ })
})

t.test('states when the report was made', async (t) => {
  const report = async () => run(offline('-o', 'json'), '', { SOURCE_DATE_EPOCH: '1764244800' })
  const [{ stdout }, second] = await Promise.all([report(), report()])
  t.match(JSON.parse(stdout), { createdAt: '2025-11-27T12:00:00.000Z' })
  t.equal(second.stdout, stdout, 'two runs of the same time print the same')
  t.match(await run(offline(), '', { SOURCE_DATE_EPOCH: '1764244800' }), {
    stdout: / s · 2025-11-27T12:00Z · all objects: -v\n$/
  })
  for (const value of ['yesterday', '-1', '9'.repeat(12)])
    t.match(await run(offline(), '', { SOURCE_DATE_EPOCH: value }), {
      code: 2,
      stdout: '',
      stderr: `irsa-guard: SOURCE_DATE_EPOCH is "${value}"; expected the number of seconds since 1970-01-01T00:00Z\n`
    })
})

t.test('says what it lacks', async (t) => {
  const table: readonly (readonly [string[], RegExp])[] = [
    [['scan'], /^irsa-guard: no cluster found/],
    [
      offline('--context', 'prod'),
      /^irsa-guard: files are given together with --context, which is for clusters/
    ],
    [['scan', '-n', 'a b'], /^irsa-guard: --namespace is "a b"/],
    [['scan', 'gone.yaml'], /^irsa-guard: there is no file gone\.yaml\n$/],
    [offline('--created-after', 'now'), /^irsa-guard: --created-after is "now"/],
    [
      offline('--baseline', 'examples/iam.json'),
      /^irsa-guard: --baseline examples\/iam\.json is not a report/
    ],
    [offline('-o', 'jsn'), /did you mean json\?/]
  ]
  for (const [args, stderr] of table)
    t.match(await run(args, '', { HOME: t.testdirName }), { code: 2, stdout: '', stderr }, args.join(' '))
  t.match(await run(['scan', '--help']), { code: 0, stdout: /Examples:\n {2}irsa-guard scan --aws\n/ })
})
