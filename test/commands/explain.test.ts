import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { explain, type ExplainOptions } from '../../src/commands/explain.js'
import { errorTexts } from '../../src/explain/error-texts.js'
import { rules } from '../../src/rules/index.js'
import { docsUrl } from '../../src/version.js'
import { examples } from '../explain/examples.js'
import { runCli } from '../support/run-cli.js'

async function explained(
  given: string,
  options: ExplainOptions = {},
  { stdin = '', columns }: { stdin?: string; columns?: number } = {}
): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', '']
  const code = await explain(given, options, {
    stdin: Readable.from([stdin]),
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    ...(columns !== undefined && { screen: { columns, isDumb: false } })
  })

  return { code, stdout, stderr }
}

const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'irsa-guard-explain-'))

const json: ExplainOptions = { output: [{ format: 'json', file: undefined }] }

t.test('explain prints the page of a rule', async (t) => {
  for (const { id } of rules) {
    const { code, stdout } = await explained(id)
    t.equal(code, 0)
    t.match(stdout, new RegExp(`^${id}\n\n  [^]*\nHow to fix\n\n[^]*\nRequirements and limits\n\n`), id)
  }
  t.strictSame(JSON.parse((await explained('role-missing', json)).stdout), {
    apiVersion: 'irsa-guard.io/v1',
    kind: 'RulePage',
    rule: 'role-missing',
    summary: rules.find(({ id }) => id === 'role-missing')?.summary,
    severity: 'error',
    docs: `${docsUrl}/rules/role-missing`,
    page: readFileSync('docs/rules/role-missing.md', 'utf8')
  })
})

t.test('explain says which rule was meant', async (t) => {
  const table: readonly (readonly [string, string])[] = [
    ['trust-subject-mismtch', 'there is no rule trust-subject-mismtch; did you mean trust-subject-mismatch?'],
    ['principal-missing', 'there is no rule principal-missing; did you mean pod-identity-principal-missing?'],
    [
      'pod-identity',
      /^irsa-guard: there is no rule pod-identity; did you mean pod-identity-[a-z-]+ or pod-identity-[a-z-]+ or pod-identity-[a-z-]+\?\n$/
        .source
    ],
    ['no-such-rule', `there is no rule no-such-rule; all rules: ${docsUrl}/rules`]
  ]
  for (const [given, complaint] of table) {
    const { code, stdout, stderr } = await explained(given)
    t.match({ code, stdout }, { code: 1, stdout: '' }, given)
    t.match(stderr, complaint.startsWith('^') ? new RegExp(complaint) : `irsa-guard: ${complaint}\n`)
  }
})

const [cloudTrail = ''] = examples['cloudtrail-pod-identity-denied'] ?? []

t.test('explain prints causes in order, and the commands that tell them apart', async (t) => {
  t.equal(
    (await explained(cloudTrail)).stdout,
    `EKS could not assume the role of an association: the trust policy does not admit EKS, or there is no such role
  printed by      CloudTrail
  concerns        EKS Pod Identity
  called as       eks-node, the role of node i-0bfc4291dd0acd279

  likely causes, most likely first
    1  pod-identity-principal-missing  the role does not trust pods.eks.amazonaws.com
    2  pod-identity-action-missing     the role's trust policy allows only one of sts:AssumeRole and sts:TagSession, or neither
    3  pod-identity-tag-mismatch       a condition requires a different cluster, namespace or service account
    4  pod-identity-source-mismatch    aws:SourceArn or aws:SourceAccount is not that of the cluster
    5  pod-identity-role-missing       the association's role or target role does not exist
    6  pod-identity-target-untrusted   the target role does not admit the association's role
    7  trust-explicit-deny             a Deny statement in the trust policy applies

  find out which
    irsa-guard trust --service-account NAMESPACE/NAME --role ROLE_ARN --aws --cluster-arn CLUSTER_ARN

more about a rule: irsa-guard explain pod-identity-principal-missing
`
  )
  t.match(
    (await explained(cloudTrail, { verbose: true })).stdout,
    '\n  source          https://docs.aws.amazon.com/eks/'
  )
  const { stdout } = await explained('No OpenIDConnect provider found in your account')
  t.match(stdout, '\n    irsa-guard diagnose pod/POD -n NAMESPACE\n')
  t.match(
    (await explained('Incorrect token audience', { color: 'always' })).stdout,
    /^\u001b\[1mthe OIDC provider in IAM .*\u001b\[22m\n {2}printed by/
  )
})

t.test('explain numbers the causes of each command', async (t) => {
  const { stdout } = await explained('Not authorized to perform sts:AssumeRoleWithWebIdentity')
  t.match(
    stdout,
    /--issuer ISSUER {2}# 1, 3-6, 8-10\n {4}irsa-guard diagnose pod\/POD -n NAMESPACE +# 2, 7\n/
  )
})

t.test('explain fits a narrow terminal', async (t) => {
  const [first = '', ...others] = (await explained(cloudTrail, {}, { columns: 60 })).stdout.split('\n')
  t.equal(first, 'EKS could not assume the role of an association: the trust')
  for (const line of others.filter((line) => !line.includes('irsa-guard '))) t.ok(line.length <= 60, line)
  t.match(
    others.join('\n'),
    "\n    2  pod-identity-action-missing\n       the role's trust policy allows only one of\n"
  )
  const { stdout } = await explained(
    'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    {},
    { columns: 80 }
  )
  t.match(
    stdout,
    /\n {4}# 1, 3-6, 8-10\n {4}irsa-guard trust .*\n {4}# 2, 7\n {4}irsa-guard diagnose pod\/POD -n NAMESPACE\n\nmore about a rule: irsa-guard explain trust-subject-mismatch\n$/
  )
})

t.test('explain prints all known texts, with a rule or without', async (t) => {
  for (const { id, causes } of errorTexts) {
    const { code, stdout } = await explained(examples[id]?.[0] ?? '')
    t.equal(code, 0, id)
    for (const { rule, why } of causes) t.ok(stdout.includes(rule ?? why), `${id}: ${rule ?? why}`)
    t.equal(
      stdout.includes('more about a rule'),
      causes.some(({ rule }) => rule !== undefined),
      id
    )
  }
})

t.test('explain reads logs and events from stdin', async (t) => {
  const log = `time="2026-11-24T08:12:31Z" level=info msg="started"
time="2026-11-24T08:12:32Z" level=error msg="WebIdentityErr: failed to retrieve credentials\\ncaused by: InvalidIdentityToken: Incorrect token audience\\n\\tstatus code: 400"
`
  t.match(await explained('-', {}, { stdin: log }), {
    code: 0,
    stdout: /^the OIDC provider in IAM does not accept/
  })
  t.match(JSON.parse((await explained('-', json, { stdin: cloudTrail })).stdout), {
    apiVersion: 'irsa-guard.io/v1',
    kind: 'Explanation',
    texts: [
      {
        id: 'cloudtrail-pod-identity-denied',
        chain: 'pod-identity',
        causes: [{ rule: 'pod-identity-principal-missing', command: /^irsa-guard trust / }]
      }
    ],
    values: { caller: 'eks-node', instance: 'i-0bfc4291dd0acd279' }
  })
})

t.test('explain says when it knows nothing about a text', async (t) => {
  t.strictSame(await explained('it is\u001b[31m broken'), {
    code: 1,
    stdout: '',
    stderr: `irsa-guard: "it is\\u{1b}[31m broken" contains no error message that irsa-guard knows
  the first error in a log often says more than the last: kubectl logs POD -n NAMESPACE | irsa-guard explain -
  look at the pod instead: irsa-guard diagnose pod/POD -n NAMESPACE
`
  })
  t.match(await explained('-', json, { stdin: 'all is well' }), {
    code: 1,
    stdout: /"texts": \[\]/,
    stderr: /^irsa-guard: stdin contains no error message/
  })
  const file = join(newDirectory(), 'explanation.json')
  await explained('Unable to locate credentials', { output: [{ format: 'json', file }] })
  t.match(JSON.parse(readFileSync(file, 'utf8')), { texts: [{ id: 'botocore-no-credentials' }] })
})

t.test('the command reads words, quotes and stdin', async (t) => {
  t.match(await runCli(['explain', 'role-missing']), { code: 0, stdout: /^role-missing\n/ })
  t.match(await runCli(['explain', 'Incorrect', 'token', 'audience']), {
    code: 0,
    stdout: /oidc-client-id-missing/
  })
  t.match(await runCli(['explain', '-'], 'Incorrect token audience'), { code: 0 })
  t.match(await runCli(['explain', '-'], ''), {
    code: 2,
    stderr: /^irsa-guard: stdin is empty; expected an error message or a log /
  })
  t.match(await runCli(['explain', 'all is well']), { code: 1, stdout: '' })
  t.match(await runCli(['explain']), { code: 2, stderr: /missing required argument 'words'/ })
})

t.test('the bundle, a single file, has the pages', async (t) => {
  execFileSync(process.execPath, ['scripts/bundle.ts'])
  const directory = newDirectory()
  copyFileSync('dist/irsa-guard.mjs', join(directory, 'irsa-guard.mjs'))
  const stdout = execFileSync(
    process.execPath,
    [join(directory, 'irsa-guard.mjs'), 'explain', 'role-missing'],
    {
      encoding: 'utf8'
    }
  )
  t.equal(stdout, (await explained('role-missing')).stdout)
})
