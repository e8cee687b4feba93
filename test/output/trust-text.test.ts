import t from 'tap'
import { irsaChain, podIdentityChain, reportOfChain } from '../../src/commands/support/trust-chains.js'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { parseClusterArn } from '../../src/model/cluster-arn.js'
import { moot } from '../../src/model/fact.js'
import type { Finding } from '../../src/model/finding.js'
import { parseRoleArn } from '../../src/model/role-arn.js'
import { plainStyle, type Style } from '../../src/output/style.js'
import { type TrustReport, trustTextsOf } from '../../src/output/trust-text.js'

const issuer = 'oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'
const role = parseRoleArn('arn:aws:iam::111122223333:role/team/cart')
const account = { namespace: 'shop', serviceAccount: 'cart' }
const chain = irsaChain(
  {
    ...account,
    roleAccount: '111122223333',
    partition: 'aws',
    issuer: `https://${issuer}`,
    audience: 'sts.amazonaws.com'
  },
  role,
  defaultIdentityWebhook
)
const statement = (subject: unknown, more: object = {}): object => ({
  Effect: 'Allow',
  Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${issuer}` },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: { StringEquals: { [`${issuer}:sub`]: subject, [`${issuer}:aud`]: 'sts.amazonaws.com' } },
  ...more
})
const policyOf = (...statements: unknown[]): object => ({ Version: '2012-10-17', Statement: statements })
const subjectOf = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`

/** The text about a policy. */
const textOf = (
  policy: unknown,
  style: Partial<Style> = {},
  commands: readonly string[] = ['irsa-guard trust …', 'aws iam …']
): string => {
  const report = reportOfChain(chain, { document: policy, encoding: 'json' })

  return trustTextsOf([report], policy, { quota: 2048, commands }, { ...plainStyle, ...style })
}

t.test('the answer comes first, then the effect, the parts, the difference and the commands', async (t) => {
  const policy = policyOf(statement(subjectOf('default', 'cart'), { Sid: 'EksIrsa' }))
  t.equal(
    textOf(policy),
    `✗ denied   STS refuses system:serviceaccount:shop:cart for role team/cart
  chain    IRSA, issuer https://${issuer}
  effect   pods start, but every AWS call fails: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity

  nearest  statement 1 of 1 (Sid EksIrsa)
    ✓ principal  ${issuer}
    ✓ action     sts:AssumeRoleWithWebIdentity
    ✗ sub        policy  system:serviceaccount:default:cart
                 token   system:serviceaccount:shop:cart
                                               ^^^^
    ✓ aud        sts.amazonaws.com

  error    trust-subject-mismatch: the namespace differs
  fix      install the service account in namespace default, or add "system:serviceaccount:shop:cart" to that condition, or point the annotation at a role for this service account

  corrected (525 of 2,048 characters):
    "StringEquals": {
  -   "…:sub": "system:serviceaccount:default:cart",
  +   "…:sub": [
  +     "system:serviceaccount:default:cart",
  +     "system:serviceaccount:shop:cart"
  +   ],
      "…:aud": "sts.amazonaws.com"

  apply it irsa-guard trust …
           aws iam …
  whole policy with the statement marked: -v
`
  )
})

t.test('-v shows the whole message, and the policy with the statement that decides', async (t) => {
  const table: readonly (readonly [why: string, policy: object, title: string, marked: readonly string[]])[] =
    [
      [
        'the second of two',
        policyOf({ ...statement('x'), Effect: 'Deny' }, statement(subjectOf('shop', 'cart'), { Sid: 'Two' })),
        'statement 2 of 2 (Sid Two)',
        ['{', '"Sid": "Two"', '}']
      ],
      [
        'not in a list',
        { Statement: statement(subjectOf('shop', 'cart')), Version: '2012-10-17' },
        'statement 1 of 1',
        ['"Statement": {', '},']
      ]
    ]
  for (const [why, policy, title, marked] of table) {
    const text = textOf(policy, { verbosity: 'verbose' }, [])
    t.match(text, `\n  by       ${title}\n`, why)
    const lines = text.split('\n').flatMap((line) => (line.startsWith('  > ') ? [line.slice(4).trim()] : []))
    t.equal(lines[0], marked[0], why)
    t.equal(lines.at(-1), marked.at(-1), why)
    t.notMatch(text, ': -v', why)
  }
  const text = textOf(policyOf(statement(subjectOf('shop', 'web'))), { verbosity: 'verbose' })
  t.match(
    text,
    /error {4}trust-subject-mismatch: the role does not trust .* in its statement 1, .*: the name differs\n/
  )
  t.match(text, `-   "${issuer}:sub": "system:serviceaccount:shop:web",`, 'with whole keys')
})

t.test('names a Deny as such, and says if no statement allows anything', async (t) => {
  const deny = { ...statement(subjectOf('shop', 'cart')), Effect: 'Deny' }
  t.match(textOf(policyOf(statement(subjectOf('shop', 'cart')), deny)), '\n  by Deny  statement 2 of 2\n')
  t.match(textOf(policyOf({ ...deny, Sid: 'No' })), '\n  by Deny  statement 1 of 1 (Sid No)\n')
  t.match(
    textOf(policyOf({ ...statement('x'), Effect: 'Deny' })),
    '\n  nearest  none: no statement allows anything\n'
  )
})

t.test('a key of another issuer is shown whole, also in the correction', async (t) => {
  const other = issuer.replace('EXAMPLED', 'OTHERSXX')
  const text = textOf(
    policyOf(
      statement('', {
        Condition: {
          StringEquals: {
            [`${other}:sub`]: subjectOf('shop', 'cart'),
            [`${issuer}:aud`]: 'sts.amazonaws.com'
          }
        }
      })
    )
  )
  t.match(text, `    ✗ ${other}:sub\n                 policy  system:serviceaccount:shop:cart\n`)
  t.match(text, '                 token   has no such key\n')
  t.match(text, `  -   "${other}:sub"`)
  t.match(text, `  +   "${issuer}:sub"`)
})

t.test('EKS Pod Identity: the statement, both actions and the tags', async (t) => {
  const cluster = parseClusterArn('arn:aws:eks:us-east-1:111122223333:cluster/prod')
  if (cluster === undefined) throw new Error('not an ARN')
  const pods = podIdentityChain({}, cluster, { ...account, role, cluster, association: moot('none') })
  const document = policyOf({
    Effect: 'Allow',
    Principal: { Service: 'pods.eks.amazonaws.com' },
    Action: 'sts:AssumeRole',
    Condition: { StringLike: { 'aws:RequestTag/kubernetes-namespace': ['a', 'b', 'c', 'd'] } }
  })
  const report = reportOfChain(pods, { document, encoding: 'json' })
  const tail = { quota: 2048, commands: [] }
  const text = trustTextsOf([report], document, tail, plainStyle)
  t.match(text, /^✗ denied {3}STS refuses service account shop\/cart for role team\/cart\n/)
  t.match(
    text,
    /\n {4}✓ action +sts:AssumeRole\n {4}✗ action +policy {2}sts:AssumeRole\n +needed {2}sts:TagSession\n/
  )
  t.match(text, /\n +policy {2}a, b, c and 1 more \(-v lists all\) \(StringLike\)\n +request shop\n/)
  t.match(
    trustTextsOf([report], document, tail, { ...plainStyle, verbosity: 'verbose' }),
    'policy  a, b, c, d (StringLike)'
  )

  const both = [reportOfChain(chain, { document, encoding: 'json' }), report]
  t.equal(
    trustTextsOf(both, document, tail, plainStyle).match(/^✗ denied/gm)?.length,
    2,
    'one answer for each chain'
  )
})

t.test('fits terminals of 40, 80 and 120 columns; the marks stay below their part', async (t) => {
  const policy = policyOf(statement(subjectOf('default', 'cart')))
  const command = `irsa-guard trust ${'x'.repeat(90)}`
  for (const width of [40, 80, 120]) {
    const lines = textOf(policy, { width }, [command]).split('\n')
    const wide = lines.filter((line) => line.length > width && / \S+ \S/.test(line.trim()))
    t.strictSame(
      wide.filter((line) => !/^ +(?:policy|token) |^ {2}[-+ ] |^ {4}[-+✗] |irsa-guard trust|-v$/.test(line)),
      [],
      `${width}`
    )
    t.ok(
      lines.some((line) => line.endsWith(command)),
      'a command stays on one line'
    )
    const token = lines.findIndex((line) => line.includes('token   '))
    if (width === 40) t.notMatch(lines.join('\n'), '^^^', 'no mark where the value has no room')
    else
      t.equal(lines[token + 1]?.indexOf('^'), lines[token]?.lastIndexOf('shop'), `below the part at ${width}`)
  }
  t.match(textOf(policy, { width: 40 }), /✓ principal {2}oidc\S*…\n/, 'a provider that is right is cut')
})

t.test('ASCII, colors and quiet', async (t) => {
  const policy = policyOf(statement(subjectOf('default', 'cart')))
  t.match(textOf(policy, { ascii: true }, []), /^x denied [^]*\n {4}\+ aud [^]*\n {2}- {3}"\.\.\.:sub": /)
  t.match(textOf(policy, { ascii: true }, []), /^[\x20-\x7e\n]*$/)
  t.match(textOf(policy, { color: true }), /^\u001b\[31m✗\u001b\[39m denied [^]*\u001b\[32m\+ {5}"system/)
  t.match(
    textOf(policy, { verbosity: 'quiet' }),
    /^✗ denied .*\n {2}error {4}trust-subject-mismatch: .*\n {2}fix {6}.*\n$/
  )
  t.equal(
    textOf(
      policyOf(
        statement('system:serviceaccount:shop:*', {
          Condition: { StringLike: { [`${issuer}:sub`]: '*:cart' } }
        })
      ),
      {
        verbosity: 'quiet'
      }
    ).split('\n').length,
    2,
    'warnings are left out'
  )
})

t.test('hostile values cannot forge lines, and the policy may be missing', async (t) => {
  const evil = '\u001b[31m\n✓ allowed\u202e'
  const text = textOf(
    policyOf(
      statement(evil, {
        Sid: evil,
        Condition: { StringEquals: { [`${issuer}:sub`]: evil, [evil]: evil.repeat(100) } }
      })
    ),
    { verbosity: 'verbose' }
  )
  t.notMatch(text, /[\u001b\u202e]/)
  t.notMatch(text, /^ *✓ allowed/m)
  const finding: Finding = {
    ...{ rule: 'a-rule', severity: 'warning', field: 'spec' },
    ...{ message: 'a\u001b[31m', fix: 'b', docs: 'c' }
  }
  const report: TrustReport = {
    about: { chain: 'IRSA', subject: evil, role: undefined, effect: '', issuer: undefined },
    ...{
      verdict: 'allowed',
      overPermissive: true,
      parts: [],
      findings: [finding],
      statement: 0,
      suggested: {}
    }
  }
  for (const policy of [undefined, 'text', ['a']])
    t.equal(
      trustTextsOf([report], policy, { quota: 2048, commands: [] }, plainStyle),
      '! allowed  STS admits \\u{1b}[31m\\n✓ allowed\\u{202e} to this role; the role admits others, too\n  chain    IRSA\n\n  by       statement 1\n\n  warning  a-rule: a\\u{1b}[31m\n  fix      b\n',
      JSON.stringify(policy)
    )
})
