import { readFileSync } from 'node:fs'
import t from 'tap'
import { identityReply, roleReply, startFakeIam } from '../support/fake-iam.js'
import { runCli as run } from '../support/run-cli.js'

const trustOf = (name: string, ...more: string[]): string[] => [
  'trust',
  '--role',
  'arn:aws:iam::111122223333:role/team/cart',
  '--iam',
  'examples/iam.json',
  '-n',
  'shop',
  '--service-account',
  name,
  ...more
]

t.test('trust shows the statement, what differs, and the corrected policy', async (t) => {
  t.match(await run(trustOf('cart')), {
    code: 0,
    stdout:
      /^✓ allowed {2}STS admits system:serviceaccount:shop:cart to role team\/cart\n {2}chain {4}IRSA, issuer https:.*\n\n {2}by {7}statement 1 of 1\n {4}✓ principal {2}oidc\.eks/
  })
  t.match(await run(trustOf('web')), {
    code: 1,
    stdout:
      /^✗ denied {3}STS refuses system:serviceaccount:shop:web for role team\/cart\n[^]*\n {2}nearest {2}statement 1 of 1\n[^]*\n {2}error {4}trust-subject-mismatch: the name differs\n {2}fix {6}.*\n\n {2}corrected \(505 of 2,048 characters\):\n[^]*\n {2}\+ +"system:serviceaccount:shop:web"\n/
  })
  t.equal((await run(trustOf('web', '--fail-on', 'never'))).code, 0)
  t.match(JSON.parse((await run(trustOf('web', '--output', 'json'))).stdout), {
    verdict: 'denied',
    statement: 0,
    suggested: { Statement: [{}] }
  })
})

t.test('trust --aws asks IAM for the role', async (t) => {
  const role = 'arn:aws:iam::111122223333:role/team/cart'
  const { issuer, roles } = JSON.parse(readFileSync('examples/iam.json', 'utf8')) as {
    issuer: string
    roles: [{ trustPolicy: object }]
  }
  const iam = await startFakeIam(({ action }) =>
    action === 'GetCallerIdentity' ? identityReply('111122223333') : roleReply(role, roles[0].trustPolicy)
  )
  t.teardown(() => iam.close())
  const environment = {
    AWS_ENDPOINT_URL: iam.url,
    AWS_ACCESS_KEY_ID: 'AKIAOWN',
    AWS_SECRET_ACCESS_KEY: 's',
    HOME: '/nonexistent'
  }
  const args = ['trust', '--aws', '--role', role, '--issuer', issuer, '-n', 'shop', '--service-account']
  t.match(await run([...args, 'cart'], '', environment), {
    code: 0,
    stdout: /^✓ allowed .*shop:cart/
  })
  t.match(await run([...args, 'web'], '', environment), {
    code: 1,
    stdout: /error {4}trust-subject-mismatch: /
  })
  t.match(await run([...args, 'cart', '--iam', 'examples/iam.json'], '', environment), {
    code: 2,
    stderr: /cannot be used with/
  })
})

t.test('trust reads a policy, plain or percent-encoded, and prints the corrected one', async (t) => {
  const iam = JSON.parse(readFileSync('examples/iam.json', 'utf8')) as {
    issuer: string
    roles: [{ trustPolicy: unknown }]
  }
  const policy = iam.roles[0].trustPolicy
  const args = (name: string, ...more: string[]): string[] => [
    'trust',
    '--policy',
    '-',
    '--issuer',
    iam.issuer,
    '-n',
    'shop',
    '--service-account',
    name,
    ...more
  ]
  const corrected = await run(args('web', '--fix'), encodeURIComponent(JSON.stringify(policy)))
  t.equal(corrected.code, 0)
  t.match(await run(args('web'), corrected.stdout), { code: 0, stdout: /^✓ allowed .*shop:web/ })
  t.strictSame(
    JSON.parse((await run(args('cart', '--fix'), JSON.stringify(policy))).stdout),
    policy,
    'what is right stays'
  )
  const refused = JSON.stringify(policy).replace('"Allow"', '"Deny"')
  t.match(await run(args('cart', '--fix'), refused), {
    code: 1,
    stdout: /^$/,
    stderr:
      /^irsa-guard: no policy printed: no small edit is guaranteed to admit this service account\n✗ denied .*:shop:cart for .*\n {2}chain {4}IRSA, issuer https:.*\n[^]*\n {2}by Deny {2}statement 1\n\n {2}error {4}trust-explicit-deny: .*\n {2}fix {6}/
  })
  const role = ['--role', 'arn:aws:iam::111122223333:role/a']
  t.match(await run(args('cart', '--fix', ...role), '{}'), {
    code: 1,
    stdout: /^$/,
    stderr: /\n✗ invalid [^]*\n {2}error {4}trust-policy-invalid: /
  })
  const open = JSON.stringify(policy).replace(
    '"StringEquals":{',
    '"IpAddress":{"aws:SourceIp":"192.0.2.0/24"},"StringEquals":{'
  )
  t.match(await run(args('cart', '--fix'), open), {
    code: 1,
    stdout: /^$/,
    stderr:
      /\n\? depends [^]*\n {4}\? aws:SourceIp {2}192\.0\.2\.0\/24 \(IpAddress\): depends on the request\n[^]*\n {2}warning {2}trust-depends-on-runtime: /
  })
  const wide = JSON.stringify(policy)
    .replaceAll(/"system:serviceaccount:shop:[^"]*"/g, '"system:serviceaccount:shop:*"')
    .replace('StringEquals', 'StringLike')
  const printed = await run(args('cart', '--fix'), wide)
  t.match(printed, { code: 0, stderr: /^$/ }, 'it lets the account in, whatever else is found')
  t.match(await run(args('cart', '--fail-on', 'warning'), printed.stdout), {
    code: 1,
    stdout:
      /^! allowed [^]*\n {4}✓ sub {8}system:serviceaccount:shop:cart, by system:serviceaccount:shop:\* \(StringLike\)\n[^]*\n {2}warning {2}trust-subject-too-broad: /
  })
  t.match(await run([...args('cart'), '--role', 'arn:aws:iam::111122223333:role/a'], '{}'), {
    code: 1,
    stdout: /^✗ invalid [^]*\n {2}error {4}trust-policy-invalid: /
  })
})

t.test('trust reads what commands print of a policy, and says what else it was given', async (t) => {
  const { issuer, roles } = JSON.parse(readFileSync('examples/iam.json', 'utf8')) as {
    issuer: string
    roles: [{ trustPolicy: unknown }]
  }
  const json = JSON.stringify(roles[0].trustPolicy)
  const args = ['trust', '--policy', '-', '--service-account', 'cart', '-n', 'shop']
  for (const text of [
    json,
    JSON.stringify(json),
    JSON.stringify(encodeURIComponent(json)),
    `\uFEFF${json}`
  ]) {
    t.match(
      await run([...args, '--issuer', issuer], text),
      { code: 0, stdout: /^✓ allowed / },
      text.slice(0, 5)
    )
  }

  const expected =
    'expected a trust policy in JSON or YAML, percent-encoded JSON as IAM returns it, or a role with its trust policy, such as the output of aws iam get-role\n'
  const table: readonly (readonly [string, string])[] = [
    ['', 'stdin is empty; expected a trust policy (the command before the pipe probably failed)\n'],
    [' \n', 'stdin is empty; expected a trust policy (the command before the pipe probably failed)\n'],
    ['""', `stdin contains nothing; ${expected}`],
    ['{', `stdin contains invalid or truncated JSON; ${expected}`],
    ['Version: "2012-10-17"\nStatement: [\n', `stdin contains YAML that cannot be read; ${expected}`],
    ['- a\n- *a\n', `stdin contains YAML that cannot be read; ${expected}`],
    ['\u0000\u0001', `stdin contains binary data; ${expected}`],
    ['%7B', `stdin contains percent-encoded text that is not JSON; ${expected}`],
    ['%', `stdin contains percent-encoded text that is not JSON; ${expected}`],
    ['no such role', `stdin contains text that starts with "no such role"; ${expected}`]
  ]
  for (const [text, message] of table) {
    t.strictSame(
      await run(args, text),
      { code: 2, stdout: '', stderr: `irsa-guard: ${message}` },
      JSON.stringify(text)
    )
  }
  const directory = t.testdir({ 'policy.json': '' })
  t.match(await run(['trust', '--policy', `${directory}/policy.json`, '--service-account', 'shop/cart']), {
    code: 2,
    stderr: /policy\.json contains nothing/
  })
})
