import t from 'tap'
import { evaluateTrust } from '../../src/library/evaluate-trust.js'
import { account, asks, host, policy, provider, question, statement, subject } from '../support/trust.js'

const aud = `${host}:aud`
const sub = `${host}:sub`
const keysAsked = { [sub]: subject, [aud]: 'sts.amazonaws.com' }
const right = policy(statement())
const one = (parts: Readonly<Record<string, unknown>>): object => policy(statement(parts))
const bare = statement({ Condition: undefined })
const invalidFix = (document: unknown): { fix: string | undefined; suggested: object | undefined } => {
  const { verdict, findings, suggested } = evaluateTrust(question(document))
  t.equal(verdict, 'invalid')

  return { fix: findings.find(({ rule }) => rule === 'trust-policy-invalid')?.fix, suggested }
}

t.test('says what to write instead, and writes it', async (t) => {
  const table: readonly (readonly [string, unknown, string])[] = [
    [
      'an operator beside Condition',
      one({ Condition: undefined, ...asks({}) }),
      'move StringEquals into the Condition of the statement: "Condition": {"StringEquals": {…}}'
    ],
    [
      'an operator beside a Condition with the other key',
      one({ Condition: { StringEquals: { [aud]: 'sts.amazonaws.com' } }, StringEquals: { [sub]: subject } }),
      'move StringEquals into the Condition of the statement: "Condition": {"StringEquals": {…}}'
    ],
    [
      'keys beside Condition',
      one({ Condition: undefined, [sub]: subject, [aud]: 'sts.amazonaws.com' }),
      `move "${sub}" into the Condition of the statement: "Condition": {"StringEquals": {"${sub}": …}}`
    ],
    [
      'keys without an operator',
      one({ Condition: { [sub]: subject, [aud]: 'sts.amazonaws.com' } }),
      `put "${sub}" under a condition operator: "Condition": {"StringEquals": {"${sub}": …}}`
    ],
    [
      'a list of conditions',
      one({ Condition: [asks({})] }),
      'write the conditions without brackets: "Condition": {…}'
    ],
    ...['StringEqual', 'StringsEquals', 'StringEquls', 'String Equals'].map(
      (name) =>
        [
          name,
          one({ Condition: { [name]: keysAsked } }),
          `write "StringEquals" instead of "${name}"`
        ] as const
    ),
    [
      'two spellings of an operator',
      one({ Condition: { StringEquals: { [sub]: subject }, StringEqual: { [aud]: 'sts.amazonaws.com' } } }),
      'write "StringEquals" instead of "StringEqual"'
    ],
    [
      'another version',
      { ...right, Version: '2024-05-01' },
      'write "Version": "2012-10-17", which is the version of the policy language'
    ],
    [
      'a number as version',
      { ...right, Version: 2012 },
      'write "Version": "2012-10-17", which is the version of the policy language'
    ],
    ...[
      'sts:AssumeRoleWithWebIdendity',
      'sts:AssumeRoleWithWebIdentities',
      'sts:AssumeRoleWebIdentity',
      'AssumeRoleWithWebIdentity',
      'sts.AssumeRoleWithWebIdentity'
    ].map(
      (action) =>
        [
          action,
          one({ Action: action }),
          `write "sts:AssumeRoleWithWebIdentity" instead of "${action}"`
        ] as const
    ),
    [
      'a resource',
      one({ Resource: '*' }),
      'remove Statement[0].Resource; a trust policy always applies to its own role'
    ],
    [
      'a resource of the only statement',
      { Version: '2012-10-17', Statement: statement({ Resource: ['*'] }) },
      'remove Statement.Resource; a trust policy always applies to its own role'
    ],
    ['a misspelt element', one({ Effect: undefined, effect: 'Allow' }), 'write "Effect" instead of "effect"'],
    [
      'Conditions',
      one({ Condition: undefined, Conditions: asks({}) }),
      'write "Condition" instead of "Conditions"'
    ],
    [
      'Statements',
      { Version: '2012-10-17', Statements: [statement()] },
      'write "Statement" instead of "Statements"'
    ],
    ['allow', one({ Effect: 'allow' }), 'write "Effect": "Allow"'],
    ['Allowed', one({ Effect: 'Allowed' }), 'write "Effect": "Allow"'],
    [
      'no policy around the statement',
      statement(),
      'put the statement into a policy: {"Version": "2012-10-17", "Statement": [ … ]}'
    ],
    [
      'no policy around the statements',
      [statement()],
      'put the statements into a policy: {"Version": "2012-10-17", "Statement": [ … ]}'
    ],
    ['star', one({ Principal: '*' }), `write "Principal": {"Federated": "${provider}"}`],
    ['the provider as text', one({ Principal: provider }), `write "Principal": {"Federated": "${provider}"}`],
    ['no principal', one({ Principal: undefined }), `write "Principal": {"Federated": "${provider}"}`],
    ['an empty principal', one({ Principal: {} }), `write "Principal": {"Federated": "${provider}"}`],
    [
      'a misspelt type of principal',
      one({ Principal: { federated: provider } }),
      'write "Federated" instead of "federated"'
    ],
    [
      'no action',
      one({ Action: undefined }),
      'write "Action": "sts:AssumeRoleWithWebIdentity" in Statement[0]'
    ]
  ]
  for (const [why, document, fix] of table) {
    const found = invalidFix(document)
    t.equal(found.fix, fix, why)
    const written = evaluateTrust(question(found.suggested))
    t.match(
      written,
      { verdict: 'allowed', overPermissive: false, findings: [] },
      `${why}: what is written works`
    )
  }
})

t.test('corrects names of statements without another change', async (t) => {
  const table: readonly (readonly [unknown, string, unknown])[] = [
    ['Trust for shop', 'write "Sid": "Trustforshop"', 'Trustforshop'],
    ['a-1', 'write "Sid": "a1"', 'a1'],
    [7, 'write "Sid": "7"', '7'],
    ['--', 'remove Statement[0].Sid', undefined]
  ]
  for (const [sid, fix, expected] of table)
    t.strictSame(
      invalidFix(one({ Sid: sid })),
      { fix, suggested: JSON.parse(JSON.stringify(one({ Sid: expected }))) as object },
      String(sid)
    )
  t.match(invalidFix(policy(statement({ Sid: 'a' }), statement({ Sid: 'a' }))), {
    fix: 'remove Statement[1].Sid, or give it another name',
    suggested: { Statement: [{ Sid: 'a' }, { Sid: undefined }] }
  })
})

t.test('corrects several mistakes, and then what keeps the account out', async (t) => {
  const broken = {
    version: '2020-01-01',
    Statement: {
      Sid: 'a b',
      effect: 'allow',
      principal: { Federate: provider },
      Action: ['sts:TagSession', 'sts:AssumeRoleWithWebIdendity'],
      Resource: '*',
      StringEqual: { [sub]: 'system:serviceaccount:shop:web', [aud]: 'sts.amazonaws.com' }
    }
  }
  const { StringEqual: keys, ...rest } = broken.Statement
  const found = invalidFix({ ...broken, Statement: { ...rest, Condition: { StringEqual: keys } } })
  t.match(evaluateTrust(question(found.suggested)), { verdict: 'allowed', overPermissive: false })
  t.equal(found.fix, 'write "Version" instead of "version"')
})

t.test('writes nothing where only the author knows, and nothing that opens the role', async (t) => {
  const table: readonly (readonly [string, unknown, RegExp])[] = [
    ['no effect', one({ Effect: undefined }), /^write "Effect": "Allow" in Statement\[0\]$/],
    [
      'an unknown element',
      one({ Limits: asks({}) }),
      /^correct Statement\[0\]\.Limits and update the policy$/
    ],
    ['an unknown operator', one({ Condition: { Equals: {} } }), /^correct Statement\[0\]\.Condition\.Equals/],
    ['another action', one({ Action: 's3:GetObject' }), /^correct Statement\[0\]\.Action/],
    ['both kinds of action', one({ NotAction: 'sts:AssumeRole' }), /^correct Statement\[0\] and/],
    [
      'the same key under both operators',
      one({ Condition: asks({}), StringEquals: { [sub]: 'x' } }),
      /^move StringEquals into/
    ],
    ['nothing that limits it', { ...policy({ ...bare, Resource: '*' }) }, /^remove Statement\[0\]\.Resource/],
    [
      'a wide subject',
      one({ Resource: '*', Condition: { StringLike: { [sub]: 'system:serviceaccount:*:*' } } }),
      /^remove Statement\[0\]\.Resource/
    ],
    [
      'no OIDC policy',
      one({ Principal: undefined, Action: 'sts:AssumeRole' }),
      /^correct Statement\[0\] and update/
    ],
    ['no statement', {}, /^correct the document/],
    ['an effect that is none', one({ Effect: 'Grant' }), /^correct Statement\[0\]\.Effect/],
    ['an effect that is a number', one({ Effect: 1 }), /^correct Statement\[0\]\.Effect/],
    ['a short element', { ...right, a: 'x' }, /^correct a and update/],
    ['both spellings', one({ effect: 'Allow' }), /^correct Statement\[0\]\.effect/],
    ['a list of statements and something else', [statement(), 7], /^correct the document/],
    ['a principal that is a list', one({ Principal: [provider] }), /^correct Statement\[0\]\.Principal/],
    ['no list of statements', { Version: '2012-10-17', Statement: [7] }, /^correct Statement\[0\] and/],
    [
      'Condition is text, and an operator beside it',
      one({ Condition: 'x', ...asks({}) }),
      /^move StringEquals into/
    ],
    [
      'operators of other types',
      one({ Condition: { StringEquals: 'x' }, StringEquals: { [sub]: subject } }),
      /^move StringEquals into/
    ],
    [
      'a misspelt operator without keys',
      one({ Condition: { StringEqual: 'x' } }),
      /^correct Statement\[0\]\.Condition\.StringEqual/
    ],
    [
      'the key with and without a scheme',
      policy(
        statement(),
        statement({ Condition: { StringEquals: { ...keysAsked, [`https://${sub}`]: 'x' } } })
      ),
      /^correct Statement\[1\]\.Condition\.StringEquals/
    ],
    [
      'text as principal, for a service',
      one({ Principal: 'ec2.amazonaws.com', Action: 'sts:AssumeRole' }),
      /^correct Statement\[0\]\.Principal/
    ],
    [
      'an empty principal, for a service',
      one({ Principal: {}, Action: 'sts:AssumeRole' }),
      /^correct Statement\[0\]\.Principal/
    ],
    ['a number', 7, /^correct the document/],
    [
      'a duplicate key',
      JSON.stringify(right).replace('"Action"', '"Effect":"Deny","Action"'),
      /^remove one of the two Statement\[0\]\.Effect$/
    ]
  ]
  for (const [why, document, fix] of table) {
    const found = invalidFix(document)
    t.match(found.fix, fix, why)
    t.equal(found.suggested, undefined, why)
  }
})

t.test('another statement that IAM rejects is corrected, too', async (t) => {
  const other = (parts: Readonly<Record<string, unknown>>): object => policy(statement(), statement(parts))
  for (const [document, fix] of [
    [
      other({ Condition: { StringEquals: { [`https://${sub}`]: 'system:serviceaccount:shop:web' } } }),
      `write "${sub}" instead of "https://${sub}"`
    ],
    [
      other({ Principal: { Federated: `https://${host}` } }),
      `write "${provider}" instead of "https://${host}"`
    ],
    [
      other({
        Principal: { Federated: [provider, `arn:aws:iam::${account}:oidc-provider/https://${host}`] }
      }),
      `write "${provider}" instead of "arn:aws:iam::${account}:oidc-provider/https://${host}"`
    ]
  ] as const) {
    const found = invalidFix(document)
    t.equal(found.fix, fix)
    t.match(evaluateTrust(question(found.suggested)), { verdict: 'allowed', overPermissive: false })
  }
})
