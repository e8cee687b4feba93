import type { TrustQuestion } from '../../src/trust-policy/judge.js'
import { account, asks, host, policy, provider, statement, subject } from '../support/trust.js'

/** One document, and what is said of it for shop/cart. */
export interface TrustCase {
  readonly why: string
  readonly document: unknown
  readonly asked?: Partial<TrustQuestion>
  readonly verdict: 'allowed' | 'denied' | 'depends' | 'invalid'
  readonly miss?: string
  readonly dependsOn?: readonly string[]
  readonly overPermissive?: boolean
  readonly statement?: number
  readonly place?: string
}

/** A class of cases, and where their expectations come from. */
export interface TrustClass {
  readonly class: string
  readonly source: string
  readonly cases: readonly TrustCase[]
}

const guide = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/'
const one = (parts: Readonly<Record<string, unknown>>): object => policy(statement(parts))
const when = (condition: unknown): object => one({ Condition: condition })
const and = (condition: Readonly<Record<string, unknown>>): object => when({ ...asks({}), ...condition })
const bySub = (operator: string, value: unknown): object =>
  when({
    StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com' },
    [operator]: {
      [`${host}:sub`]: value,
      ...(operator === 'StringEquals' && { [`${host}:aud`]: 'sts.amazonaws.com' })
    }
  })
const deny = (condition: unknown): object =>
  policy(statement(), statement({ Effect: 'Deny', Condition: condition }))
const sub = `${host}:sub`
const other = host.replace('EXAMPLED539D4633E53DE1B71EXAMPLE', 'OTHERD539D4633E53DE1B71OTHEREXAM')
const federated = (...arns: string[]): object =>
  one({ Principal: { Federated: arns.length === 1 ? arns[0] : arns } })
const arnOf = (url: string, partition = 'aws', owner = account): string =>
  `arn:${partition}:iam::${owner}:oidc-provider/${url}`
const now = new Date('2026-11-24T00:00:00Z')

const allowed = (why: string, document: unknown, more: Partial<TrustCase> = {}): TrustCase => ({
  why,
  document,
  verdict: 'allowed',
  ...more
})
/** A file that IAM would not store, although it is clear why it denies. */
const refused = (why: string, document: unknown, miss: string): TrustCase => ({
  why,
  document,
  verdict: 'invalid',
  miss
})
const denied = (why: string, document: unknown, miss: string, more: Partial<TrustCase> = {}): TrustCase => ({
  why,
  document,
  verdict: 'denied',
  miss,
  ...more
})
const invalid = (why: string, document: unknown, place: string): TrustCase => ({
  why,
  document,
  verdict: 'invalid',
  miss: 'invalid',
  place
})
const depends = (why: string, document: unknown, ...dependsOn: string[]): TrustCase => ({
  why,
  document,
  verdict: 'depends',
  dependsOn
})

const operatorTable = (
  operator: string,
  right: readonly unknown[],
  wrong: readonly unknown[],
  miss = 'subject'
): TrustCase[] => [
  ...right.map((value) => allowed(`${operator} ${JSON.stringify(value)}`, bySub(operator, value))),
  ...wrong.map((value) => denied(`${operator} ${JSON.stringify(value)}`, bySub(operator, value), miss))
]

export const classes: readonly TrustClass[] = [
  {
    class: 'forms of the document',
    source: `${guide}reference_policies_grammar.html`,
    cases: [
      allowed('an object', one({})),
      allowed('text', JSON.stringify(one({}))),
      allowed('text with blanks around', ` \n${JSON.stringify(one({}), null, 2)}\n`),
      allowed('text, said to be JSON', JSON.stringify(one({})), { asked: { encoding: 'json' } }),
      allowed('percent-encoded, as GetRole returns it', encodeURIComponent(JSON.stringify(one({}))), {
        asked: { encoding: 'url' }
      }),
      allowed('percent-encoded, found out', encodeURIComponent(JSON.stringify(one({})))),
      invalid('percent-encoded twice', encodeURIComponent(encodeURIComponent(JSON.stringify(one({})))), ''),
      invalid('percent-encoded, said to be JSON', { toJSON: () => 'x' }, ''),
      allowed('one statement that is no list', { Version: '2012-10-17', Statement: statement() }),
      allowed('no version', { Statement: [statement()] }),
      allowed('the old version', { Version: '2008-10-17', Statement: [statement()] }),
      allowed('with an Id', { Version: '2012-10-17', Id: 'a', Statement: [statement()] }),
      allowed('with a Sid', one({ Sid: 'Irsa' })),
      allowed('provider in a list', federated(provider)),
      allowed('provider among others', federated(arnOf(other), provider)),
      allowed('action in a list', one({ Action: ['sts:AssumeRoleWithWebIdentity'] })),
      allowed('values in a list', when(asks({ sub: [subject] }))),
      allowed('key escaped in the text', JSON.stringify(one({})).replace('"Action"', '"\\u0041ction"'))
    ]
  },
  {
    class: 'what IAM refuses',
    source: `${guide}reference_policies_grammar.html, ${guide}access-analyzer-reference-policy-checks.html, API texts reproduced by versity/versitygw`,
    cases: [
      invalid('no JSON', '{', ''),
      invalid('empty text', '', ''),
      invalid('a word', 'policy', ''),
      invalid('null', null, ''),
      invalid('nothing', undefined, ''),
      invalid('a number', 5, ''),
      invalid('a list', [], ''),
      invalid('a Boolean', true, ''),
      invalid('a function', () => 1, ''),
      invalid('characters beyond Latin-1', one({ Sid: 'кошик' }), ''),
      invalid('a broken percent sign', '%7B%', ''),
      invalid('longer than any quota', one({ Condition: asks({ sub: 'x'.repeat(8192) }) }), ''),
      invalid('empty object', {}, ''),
      invalid('no statement', { Version: '2012-10-17' }, ''),
      invalid('empty list of statements', { Statement: [] }, 'Statement'),
      invalid('unknown version', { Version: '2012-10-18', Statement: [statement()] }, 'Version'),
      invalid('version that is a number', { Version: 2012, Statement: [statement()] }, 'Version'),
      invalid('version null', { Version: null, Statement: [statement()] }, 'Version'),
      invalid('Id that is a number', { Id: 1, Statement: [statement()] }, 'Id'),
      invalid('unknown element', { Statements: [statement()] }, 'Statements'),
      invalid('element in other case', { version: '2012-10-17', Statement: [statement()] }, 'version'),
      invalid('statement that is text', { Statement: 'x' }, 'Statement'),
      invalid('statement that is null', { Statement: null }, 'Statement'),
      invalid('null among statements', policy(statement(), null), 'Statement[1]'),
      invalid('a list among statements', policy([statement()]), 'Statement[0]'),
      invalid('unknown element of a statement', one({ Conditions: {} }), 'Statement[0].Conditions'),
      invalid(
        'element of a statement in other case',
        one({ action: 'sts:AssumeRole' }),
        'Statement[0].action'
      ),
      invalid('a key with a blank', one({ 'Effect ': 'Allow' }), 'Statement[0]["Effect "]'),
      invalid('Resource', one({ Resource: '*' }), 'Statement[0].Resource'),
      invalid('NotResource', one({ NotResource: '*' }), 'Statement[0].NotResource'),
      invalid('NotPrincipal', one({ NotPrincipal: { AWS: '*' } }), 'Statement[0].NotPrincipal'),
      invalid('no effect', one({ Effect: undefined }), 'Statement[0]'),
      invalid('effect in other case', one({ Effect: 'allow' }), 'Statement[0].Effect'),
      invalid('effect null', one({ Effect: null }), 'Statement[0].Effect'),
      ...['Trust for shop', 'Allow-Irsa', 'a_b', 'a.b', 'Ä'].map((sid) =>
        invalid(`Sid ${sid}`, one({ Sid: sid }), 'Statement[0].Sid')
      ),
      invalid('Sid that is a number', one({ Sid: 7 }), 'Statement[0].Sid'),
      invalid('Sid twice', policy(statement({ Sid: 'a' }), statement({ Sid: 'a' })), 'Statement[1].Sid'),
      invalid('no principal', one({ Principal: undefined }), 'Statement[0]'),
      invalid('principal star', one({ Principal: '*' }), 'Statement[0].Principal'),
      invalid('principal null', one({ Principal: null }), 'Statement[0].Principal'),
      invalid('principal list', one({ Principal: [provider] }), 'Statement[0].Principal'),
      invalid('principal empty', one({ Principal: {} }), 'Statement[0].Principal'),
      invalid(
        'principal of an unknown type',
        one({ Principal: { OIDC: provider } }),
        'Statement[0].Principal.OIDC'
      ),
      invalid(
        'principal type in other case',
        one({ Principal: { federated: provider } }),
        'Statement[0].Principal.federated'
      ),
      invalid(
        'principal that is a number',
        one({ Principal: { AWS: 111122223333 } }),
        'Statement[0].Principal.AWS'
      ),
      invalid(
        'principal empty list',
        one({ Principal: { Federated: [] } }),
        'Statement[0].Principal.Federated'
      ),
      invalid(
        'null among principals',
        one({ Principal: { Federated: [provider, null] } }),
        'Statement[0].Principal.Federated[1]'
      ),
      invalid('no action', one({ Action: undefined }), 'Statement[0]'),
      invalid('both kinds of action', one({ NotAction: 'sts:TagSession' }), 'Statement[0]'),
      invalid('action null', one({ Action: null }), 'Statement[0].Action'),
      invalid('action empty', one({ Action: [] }), 'Statement[0].Action'),
      invalid('action of another service', one({ Action: 's3:GetObject' }), 'Statement[0].Action'),
      invalid('action misspelt', one({ Action: 'sts:TagSessions' }), 'Statement[0].Action'),
      invalid('number among actions', one({ Action: ['sts:AssumeRole', 1] }), 'Statement[0].Action[1]'),
      invalid('condition null', when(null), 'Statement[0].Condition'),
      invalid('condition list', when([]), 'Statement[0].Condition'),
      invalid('condition text', when('x'), 'Statement[0].Condition'),
      invalid(
        'unknown operator',
        when({ StringMatches: { [sub]: subject } }),
        'Statement[0].Condition.StringMatches'
      ),
      invalid(
        'NullIfExists',
        when({ NullIfExists: { [sub]: 'true' } }),
        'Statement[0].Condition.NullIfExists'
      ),
      invalid(
        'unknown set',
        when({ 'ForSomeValues:StringEquals': { [sub]: subject } }),
        'Statement[0].Condition.ForSomeValues:StringEquals'
      ),
      invalid(
        'operator named as a property of objects',
        when({ constructor: {} }),
        'Statement[0].Condition.constructor'
      ),
      invalid(
        'operator __proto__',
        JSON.stringify(when({ a: {} })).replace('"a"', '"__proto__"'),
        'Statement[0].Condition.__proto__'
      ),
      invalid('operator with null', when({ StringEquals: null }), 'Statement[0].Condition.StringEquals'),
      invalid('operator with text', when({ StringEquals: subject }), 'Statement[0].Condition.StringEquals'),
      invalid('value null', when({ StringEquals: { a: null } }), 'Statement[0].Condition.StringEquals.a'),
      invalid('value object', when({ StringEquals: { a: {} } }), 'Statement[0].Condition.StringEquals.a'),
      invalid(
        'null among values',
        when({ StringEquals: { a: ['b', null] } }),
        'Statement[0].Condition.StringEquals.a[1]'
      ),
      invalid(
        'key twice in two cases',
        when({ StringEquals: { a: 'b', A: 'b' } }),
        'Statement[0].Condition.StringEquals.A'
      ),
      invalid(
        'key twice in the text',
        '{"Version":"2012-10-17","Version":"2008-10-17","Statement":[]}',
        'Version'
      ),
      invalid(
        'operator twice, as in the README of the identity webhook',
        JSON.stringify(when({ StringEquals: { a: 'b' }, x: 1 })).replace('"x":1', '"StringEquals":{}'),
        'Statement[0].Condition.StringEquals'
      ),
      invalid(
        'key twice, once escaped',
        JSON.stringify(one({ Sid: 'a' })).replace('"Sid"', '"S\\u0069d":"b","Sid"'),
        'Statement[0].Sid'
      )
    ]
  },
  {
    class: 'principal',
    source: `${guide}reference_policies_elements_principal.html, ${guide}id_roles_providers_create_oidc.html`,
    cases: [
      refused('scheme', federated(arnOf(`https://${host}`)), 'provider'),
      denied('slash at the end', federated(`${provider}/`), 'provider'),
      refused('scheme and slash', federated(arnOf(`https://${host}/`)), 'provider'),
      denied('port', federated(provider.replace('/id/', ':443/id/')), 'provider'),
      refused('issuer instead of an ARN', federated(host), 'provider'),
      refused('issuer URL instead of an ARN', federated(`https://${host}`), 'provider'),
      denied('case', federated(provider.toLowerCase()), 'provider'),
      denied('blank', federated(`${provider} `), 'provider'),
      refused('two ARNs', federated(`${arnOf(other)},${provider}`), 'provider'),
      denied('another account', federated(arnOf(host, 'aws', '444455556666')), 'provider'),
      denied('another partition', federated(arnOf(host, 'aws-cn')), 'provider'),
      denied('another cluster', federated(arnOf(other)), 'provider'),
      denied('another region', federated(arnOf(host.replace('us-east-1', 'eu-west-1'))), 'provider'),
      denied(
        'another cluster and region',
        federated(arnOf(other.replace('us-east-1', 'eu-west-1'))),
        'provider'
      ),
      denied(
        'dual-stack host',
        federated(arnOf(host.replace('oidc.eks.', 'oidc-eks.').replace('amazonaws.com', 'api.aws'))),
        'provider'
      ),
      denied('host without path', federated(arnOf(host.split('/')[0] ?? '')), 'provider'),
      denied('another host', federated(arnOf('token.actions.githubusercontent.com')), 'provider'),
      denied('host of another partition', federated(arnOf(host.replace('.com', '.com.cn'))), 'provider'),
      denied('wildcard in the ARN', federated(arnOf('*')), 'provider', { overPermissive: true }),
      denied('star', federated('*'), 'provider', { overPermissive: true }),
      denied('SAML provider', federated(`arn:aws:iam::${account}:saml-provider/x`), 'provider'),
      denied('Cognito', federated('cognito-identity.amazonaws.com'), 'provider'),
      refused('provider under AWS', one({ Principal: { AWS: provider } }), 'provider'),
      denied('account', one({ Principal: { AWS: account } }), 'provider'),
      denied('root', one({ Principal: { AWS: `arn:aws:iam::${account}:root` } }), 'provider'),
      denied('service', one({ Principal: { Service: 'ec2.amazonaws.com' } }), 'provider'),
      denied('EKS Pod Identity', one({ Principal: { Service: 'pods.eks.amazonaws.com' } }), 'provider'),
      denied('canonical user', one({ Principal: { CanonicalUser: 'a'.repeat(64) } }), 'provider'),
      allowed('ours beside an account', one({ Principal: { AWS: account, Federated: provider } })),
      {
        why: 'everyone: AWS does not say',
        document: one({ Principal: { AWS: '*' } }),
        verdict: 'depends',
        dependsOn: [],
        overPermissive: true
      },
      allowed('everyone beside ours', policy(statement(), statement({ Principal: { AWS: '*' } })), {
        overPermissive: true
      }),
      allowed(
        'everyone of an organisation',
        policy(
          statement(),
          statement({
            Principal: { AWS: '*' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }
          })
        )
      ),
      allowed('issuer with a slash at the end, provider too', federated(`${provider}/`), {
        asked: { issuer: `https://${host}/` },
        ...{
          document: policy(
            statement({
              Principal: { Federated: `${provider}/` },
              Condition: {
                StringEquals: { [`${host}/:sub`]: subject, [`${host}/:aud`]: 'sts.amazonaws.com' }
              }
            })
          )
        }
      }),
      denied('issuer with a slash at the end, provider without', one({}), 'provider', {
        asked: { issuer: `https://${host}/` }
      }),
      allowed('China', JSON.parse(JSON.stringify(one({})).replaceAll('arn:aws:', 'arn:aws-cn:')), {
        asked: { partition: 'aws-cn' }
      }),
      {
        why: 'star, which IAM refuses',
        document: one({ Principal: '*' }),
        verdict: 'invalid',
        miss: 'invalid',
        place: 'Statement[0].Principal',
        overPermissive: true
      }
    ]
  },
  {
    class: 'action',
    source: `${guide}reference_policies_elements_action.html, ${guide}reference_policies_elements_notaction.html`,
    cases: [
      ...[
        'sts:assumerolewithwebidentity',
        'STS:AssumeRoleWithWebIdentity',
        'sts:AssumeRole*',
        'sts:*',
        '*',
        'sts:AssumeRoleWith?ebIdentity',
        '*:*',
        's?s:*Identity'
      ].map((action) => allowed(action, one({ Action: action }))),
      ...[
        'sts:AssumeRole',
        'sts:AssumeRoleWithSAML',
        'sts:TagSession',
        'sts:SetSourceIdentity',
        'sts:AssumeRoleWithWebIdentity?',
        'sts:?',
        'iam:*',
        'sts:*SAML'
      ].map((action) => denied(action, one({ Action: action }), 'action')),
      allowed('among others', one({ Action: ['sts:TagSession', 'sts:AssumeRoleWithWebIdentity'] })),
      allowed('NotAction of another', one({ Action: undefined, NotAction: 'sts:AssumeRole' })),
      denied(
        'NotAction of ours',
        one({ Action: undefined, NotAction: 'sts:AssumeRoleWithWebIdentity' }),
        'action'
      ),
      denied('NotAction of all', one({ Action: undefined, NotAction: 'sts:*' }), 'action'),
      denied(
        'only Deny statements',
        policy(statement({ Effect: 'Deny', Condition: asks({ sub: 'x' }) })),
        'action'
      )
    ]
  },
  {
    class: 'string operators on the subject',
    source: `${guide}reference_policies_elements_condition_operators.html#Conditions_String`,
    cases: [
      ...operatorTable(
        'StringEquals',
        [subject, [subject, 'x'], ['x', subject]],
        [
          'system:serviceaccount:default:cart',
          'system:serviceaccount:shop:web',
          'system:serviceaccount:cart:shop',
          'system:serviceaccount:shop:Cart',
          `${subject} `,
          'shop:cart',
          'cart',
          '',
          'system:serviceaccount:shop:cart2',
          'system:serviceaccount:shop',
          'system:serviceaccounts:shop:cart',
          'system:serviceaccount:shop/cart'
        ]
      ),
      ...operatorTable(
        'StringEquals',
        [],
        [
          'system:serviceaccount:shop:*',
          'system:serviceaccount:*:cart',
          '*',
          'system:serviceaccount:shop:car?'
        ],
        'literal-wildcard'
      ),
      ...operatorTable('StringEquals', [], ['system:serviceaccount:default:*', 'x*', '?'], 'subject'),
      ...operatorTable(
        'StringEqualsIgnoreCase',
        [subject, subject.toUpperCase()],
        ['x', 'system:serviceaccount:shop:ca'],
        'subject'
      ),
      ...operatorTable('StringEqualsIgnoreCase', [], ['system:serviceaccount:shop:*'], 'literal-wildcard'),
      ...operatorTable(
        'StringLike',
        [
          subject,
          'system:serviceaccount:shop:*',
          '*',
          '*cart',
          'system:*:cart',
          'system:serviceaccount:shop:c?rt',
          'system:serviceaccount:????:cart',
          '**',
          '*?*',
          'system*shop*cart*',
          ['x', '*:cart']
        ],
        [
          'system:serviceaccount:default:*',
          '?',
          'system:serviceaccount:shop:cart?',
          'System:*',
          '*:cart:',
          'system:serviceaccount:shop:[a-z]*',
          'system:serviceaccount:shop:{cart}',
          '',
          '*cart*cart',
          '\\*'
        ]
      ),
      ...operatorTable(
        'StringNotEquals',
        ['x', ['x', 'y'], 'system:serviceaccount:shop:*'],
        [subject, ['x', subject]]
      ),
      ...operatorTable('StringNotEqualsIgnoreCase', ['x'], [subject.toUpperCase()]),
      ...operatorTable(
        'StringNotLike',
        ['x*', 'system:serviceaccount:kube-system:*'],
        ['*', 'system:serviceaccount:shop:*', ['x', '*cart']]
      ),
      ...operatorTable('StringEqualsIfExists', [subject], ['x']),
      ...operatorTable('StringLikeIfExists', ['*:cart'], ['*:web']),
      ...operatorTable('ForAnyValue:StringEquals', [subject], ['x']),
      ...operatorTable('ForAllValues:StringEquals', [subject], ['x', []]),
      ...operatorTable('ForAnyValue:StringLike', ['*:cart'], ['*:web', []]),
      ...operatorTable('ForAllValues:StringNotEquals', ['x'], [subject])
    ]
  },
  {
    class: 'keys that the request lacks',
    source: `${guide}reference_policies_condition-logic-multiple-context-keys-or-values.html, ${guide}reference_policies_elements_condition_operators.html`,
    cases: [
      ...(
        [
          ['StringEquals', false],
          ['StringLike', false],
          ['StringEqualsIgnoreCase', false],
          ['NumericEquals', false],
          ['DateLessThan', false],
          ['Bool', false],
          ['IpAddress', false],
          ['ArnLike', false],
          ['BinaryEquals', false],
          ['ForAnyValue:StringEquals', false],
          ['StringNotEquals', true],
          ['StringNotLike', true],
          ['StringNotEqualsIgnoreCase', true],
          ['NumericNotEquals', true],
          ['DateNotEquals', true],
          ['NotIpAddress', true],
          ['ArnNotLike', true],
          ['StringEqualsIfExists', true],
          ['StringNotEqualsIfExists', true],
          ['BoolIfExists', true],
          ['IpAddressIfExists', true],
          ['ForAllValues:StringEquals', true],
          ['ForAllValues:StringLike', true],
          ['ForAllValues:StringEqualsIfExists', true]
        ] as const
      ).map(([operator, holds]) =>
        holds
          ? allowed(operator, and({ [operator]: { 'sts:ExternalId': 'true' } }))
          : denied(operator, and({ [operator]: { 'sts:ExternalId': 'true' } }), 'unmeetable')
      ),
      allowed('Null true', and({ Null: { 'sts:ExternalId': 'true' } })),
      allowed('Null true, not quoted', and({ Null: { 'sts:ExternalId': true } })),
      denied('Null false', and({ Null: { 'sts:ExternalId': 'false' } }), 'unmeetable'),
      allowed('Null false of a key that is there', and({ Null: { [sub]: 'false' } })),
      denied('Null true of a key that is there', and({ Null: { [sub]: 'true' } }), 'unmeetable'),
      depends('Null with another value', and({ Null: { [sub]: 'maybe' } })),
      depends('a set operator with Null', and({ 'ForAllValues:Null': { [sub]: 'false' } })),
      depends(
        'negated, for all of no values: the guide says both',
        and({ 'ForAllValues:StringNotLike': { 'sts:ExternalId': 'x' } })
      ),
      depends(
        'negated, for any of no values',
        and({ 'ForAnyValue:StringNotEquals': { 'sts:ExternalId': 'x' } })
      ),
      ...[
        'aws:PrincipalOrgID',
        'aws:PrincipalArn',
        'aws:PrincipalTag/team',
        'aws:RequestTag/team',
        'aws:MultiFactorAuthPresent',
        'aws:username',
        'aws:SourceArn',
        'aws:SourceAccount',
        'sts:SourceIdentity',
        'aws:TagKeys',
        's3:prefix',
        'saml:aud',
        'unknown',
        // properties of a session or a signer, which an unsigned request has not
        'aws:AssumedRoot',
        'aws:TokenIssueTime',
        'aws:Ec2InstanceSourceVpc',
        'aws:ViaCustomerDomain',
        'sts:DurationSeconds',
        'sts:RequestContext/identitystore:UserId',
        'iam:PermissionsBoundary',
        'iam:sub',
        // keys that exist nowhere: misspelt, or a claim under a prefix of AWS
        'aws:SourceVcpe',
        'aws:SourceIPs',
        'aws:PrincipleOrgID',
        'aws:ResourceTags/team',
        'aws:ResourceTag',
        'aws:SourceIp/x',
        'sts:RoleSesionName',
        'aws:sub',
        'sts:aud'
      ].map((key) => denied(key, and({ StringLike: { [key]: '*' } }), 'unmeetable')),
      denied(
        'amr, which no Kubernetes token has',
        and({ StringEquals: { [`${host}:amr`]: 'x' } }),
        'unmeetable'
      )
    ]
  },
  {
    class: 'condition keys',
    source: `${guide}reference_policies_iam-condition-keys.html`,
    cases: [
      allowed('other case', when(JSON.parse(JSON.stringify(asks({})).replaceAll(host, host.toLowerCase())))),
      allowed(
        'claim in other case',
        when({ StringEquals: { [`${host}:SUB`]: subject, [`${host}:Aud`]: 'sts.amazonaws.com' } })
      ),
      ...[
        `${host}/:sub`,
        `arn:aws:iam::${account}:oidc-provider/${sub}`,
        `${sub} `,
        ` ${sub}`,
        'sub',
        `${other}:sub`,
        `${host}:namespace`,
        host.replace('us-east-1', 'eu-west-1') + ':sub',
        host,
        `${host}:`,
        `${host}/`,
        `${host}.sub`,
        `${host}/sub`,
        `${host}:subject`
      ].map((key) => denied(key, when({ StringEquals: { [key]: subject } }), 'condition-key')),
      ...[`https://${sub}`, `http://${sub}`, `https://${host}`, `${host.replace('/', ':443/')}:sub`].map(
        (key) => refused(key, when({ StringEquals: { [key]: subject } }), 'condition-key')
      ),
      refused(
        'another statement has a key that IAM refuses',
        policy(statement(), statement({ Condition: { StringEquals: { [`https://${sub}`]: 'x' } } })),
        'invalid'
      ),
      denied(
        'a subject under the audience',
        when({ StringEquals: { [`${host}:aud`]: subject } }),
        'condition-key'
      ),
      denied(
        'an audience under the subject',
        when({ StringEquals: { [sub]: 'sts.amazonaws.com' } }),
        'condition-key'
      ),
      denied(
        'subject and audience swapped',
        when({ StringEquals: { [sub]: 'sts.amazonaws.com', [`${host}:aud`]: subject } }),
        'condition-key'
      ),
      denied(
        'two issuers',
        when({ StringEquals: { [sub]: subject, [`${other}:sub`]: subject } }),
        'issuers-anded'
      ),
      denied(
        'two issuers under two operators',
        when({ StringEquals: { [sub]: subject }, StringLike: { [`${other}:sub`]: '*' } }),
        'issuers-anded'
      ),
      denied(
        'the audience of another cluster',
        when({ StringEquals: { [sub]: subject, [`${other}:aud`]: 'sts.amazonaws.com' } }),
        'condition-key'
      ),
      allowed(
        'a negated key of another issuer says nothing',
        when({ StringNotEquals: { [`${other}:sub`]: subject } }),
        {
          overPermissive: true
        }
      ),
      allowed(
        'IfExists of another issuer says nothing',
        when({ StringEqualsIfExists: { [`${other}:sub`]: subject } }),
        {
          overPermissive: true
        }
      ),
      allowed(
        'for all of no values says nothing',
        when({ 'ForAllValues:StringEquals': { [`${host}/:sub`]: subject } }),
        {
          overPermissive: true
        }
      ),
      denied('audience', when(asks({ aud: 'sts.amazonaws.com.cn' })), 'audience'),
      denied('audience of EKS Pod Identity', when(asks({ aud: 'pods.eks.amazonaws.com' })), 'audience'),
      denied('audience with a literal wildcard', when(asks({ aud: 'sts.*' })), 'literal-wildcard'),
      denied('subject before audience', when(asks({ sub: 'x', aud: 'x' })), 'subject'),
      denied(
        'audience before what cannot be met',
        when({ ...asks({ aud: 'x' }), Bool: { 'aws:MultiFactorAuthPresent': true } }),
        'audience'
      ),
      allowed('another audience, asked for', when(asks({ aud: 'team' })), { asked: { audience: 'team' } }),
      depends(
        'oaud: the guide and others disagree',
        and({ StringEquals: { [`${host}:oaud`]: 'sts.amazonaws.com' } }),
        `${host}:oaud`
      ),
      denied('oaud of another audience', and({ StringEquals: { [`${host}:oaud`]: 'x' } }), 'unmeetable'),
      allowed('TLS', and({ Bool: { 'aws:SecureTransport': 'true' } })),
      allowed(
        'the provider of the token, in both of its forms',
        and({ StringEquals: { 'aws:FederatedProvider': [provider, host] } })
      ),
      depends('… as AWS documents it', and({ StringEquals: { 'aws:FederatedProvider': provider } })),
      depends('… as it was seen', and({ StringEquals: { 'aws:FederatedProvider': host } })),
      depends('… by an Arn operator', and({ ArnLike: { 'aws:FederatedProvider': arnOf('*') } })),
      allowed('… is always there', and({ Null: { 'aws:FederatedProvider': 'false' } })),
      denied(
        'another provider',
        and({ StringEquals: { 'aws:FederatedProvider': arnOf(other) } }),
        'unmeetable'
      ),
      denied(
        'a Deny for all but another provider',
        deny({ ArnNotEquals: { 'aws:FederatedProvider': arnOf(other) } }),
        'explicit-deny'
      ),
      allowed(
        'a Deny for all but this provider',
        deny({ StringNotEquals: { 'aws:FederatedProvider': [provider, host] } })
      ),
      depends(
        'a Deny for all but the documented form',
        deny({ StringNotEquals: { 'aws:FederatedProvider': provider } })
      ),
      allowed('no service in between', and({ Bool: { 'aws:ViaAWSService': 'false' } })),
      denied('a service in between', and({ Bool: { 'aws:ViaAWSService': true } }), 'unmeetable'),
      allowed('an identifier of the caller', and({ Null: { 'aws:userid': 'false' } })),
      denied('none', and({ Null: { 'aws:userid': 'true' } }), 'unmeetable'),
      denied('no TLS', and({ Bool: { 'aws:SecureTransport': 'false' } }), 'unmeetable'),
      depends('operator in other case: AWS does not say', when({ stringequals: { [sub]: subject } }))
    ]
  },
  {
    class: 'decided at run time',
    source: `${guide}reference_policies_condition-keys.html`,
    cases: [
      ...[
        'aws:SourceVpc',
        'aws:SourceVpce',
        'aws:VpcSourceIp',
        'aws:ResourceTag/team',
        'aws:RequestedRegion',
        'aws:UserAgent',
        'sts:RoleSessionName',
        'aws:PrincipalAccount',
        'aws:PrincipalType',
        'aws:userid',
        'iam:ResourceTag/team',
        'aws:referer',
        'sts:SomethingNew',
        'aws:SomethingNew'
      ].map((key) => depends(key, and({ StringEquals: { [key]: 'x' } }), key)),
      depends('address', and({ IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }), 'aws:SourceIp'),
      depends('address, v6', and({ IpAddress: { 'aws:SourceIp': '2001:db8::/32' } }), 'aws:SourceIp'),
      depends('not an address', and({ NotIpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }), 'aws:SourceIp'),
      depends(
        'any address: none through an endpoint',
        and({ StringLike: { 'aws:SourceIp': '*' } }),
        'aws:SourceIp'
      ),
      depends('presence', and({ Null: { 'aws:SourceVpce': 'false' } }), 'aws:SourceVpce'),
      allowed('a key that is always there', and({ Null: { 'sts:RoleSessionName': 'false' } })),
      denied(
        'the absence of a key that is always there',
        and({ Null: { 'sts:RoleSessionName': 'true' } }),
        'unmeetable'
      ),
      allowed('any session name', and({ StringLike: { 'sts:RoleSessionName': '*' } })),
      denied('no session name', and({ StringNotLike: { 'sts:RoleSessionName': '*' } }), 'unmeetable'),
      depends(
        'two keys, sorted, as written',
        and({ StringEquals: { 'aws:UserAgent': 'x', 'AWS:requestedregion': 'y' } }),
        'AWS:requestedregion',
        'aws:UserAgent'
      ),
      depends(
        'one key under two operators',
        and({ StringEquals: { 'aws:UserAgent': 'x' }, StringLike: { 'aws:UserAgent': '*x*' } }),
        'aws:UserAgent'
      ),
      denied(
        'what fails anyway',
        when({ ...asks({ sub: 'x' }), StringEquals: { [sub]: 'x', 'aws:UserAgent': 'x' } }),
        'subject'
      ),
      depends('a Deny', deny({ StringEquals: { 'aws:UserAgent': 'x' } }), 'aws:UserAgent'),
      allowed(
        'another Allow holds anyway',
        policy(statement({ Condition: { ...asks({}), Bool: { 'aws:ViaAWSService': 'x' } } }), statement())
      ),
      allowed(
        'a Deny of others',
        deny({ StringEquals: { 'aws:UserAgent': 'x', [sub]: 'system:serviceaccount:a:b' } })
      ),
      depends(
        'resource account: unverified',
        and({ StringEquals: { 'aws:ResourceAccount': account } }),
        'aws:ResourceAccount'
      ),
      denied(
        'another resource account',
        and({ StringEquals: { 'aws:ResourceAccount': '444455556666' } }),
        'unmeetable'
      )
    ]
  },
  {
    class: 'dates',
    source: `${guide}reference_policies_elements_condition_operators.html#Conditions_Date`,
    cases: [
      depends(
        'no time given, past',
        and({ DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }),
        'aws:CurrentTime'
      ),
      ...(
        [
          ['DateLessThan', '2020-01-01T00:00:00Z', 'denied'],
          ['DateLessThanEquals', '2020-01-01', 'denied'],
          ['DateEquals', '2020', 'denied'],
          ['DateGreaterThan', '2020-01-01T00:00:00Z', 'allowed'],
          ['DateGreaterThanEquals', '2020-01-01T00:00:00+02:00', 'allowed'],
          ['DateNotEquals', '2020-01-01', 'allowed'],
          ['DateLessThan', '2030-01-01T00:00:00Z', 'depends'],
          ['DateGreaterThan', '2030-01-01T00:00:00Z', 'depends'],
          ['DateEquals', '2030-01-01', 'depends'],
          ['DateNotEquals', '2030-01-01', 'depends'],
          ['DateLessThan', '1577836800', 'denied'],
          ['DateGreaterThan', 1577836800, 'allowed'],
          ['DateLessThan', 'soon', 'depends'],
          ['DateLessThanIfExists', '2020-01-01', 'denied'],
          ['DateLessThan', '2026-11-24T00:00:00Z', 'denied'],
          ['DateLessThanEquals', '2026-11-24T00:00:00Z', 'depends'],
          ['DateGreaterThanEquals', '2026-11-24T00:00', 'allowed']
        ] as const
      ).map(([operator, value, verdict]): TrustCase => ({
        why: `${operator} ${value}`,
        document: and({ [operator]: { 'aws:CurrentTime': value } }),
        asked: { at: now },
        verdict,
        ...(verdict === 'denied' && { miss: 'unmeetable' })
      })),
      {
        why: 'seconds',
        document: and({ NumericLessThan: { 'aws:EpochTime': '1577836800' } }),
        asked: { at: now },
        verdict: 'denied',
        miss: 'unmeetable'
      },
      {
        why: 'seconds to come',
        document: and({ NumericLessThan: { 'aws:EpochTime': '1893456000' } }),
        asked: { at: now },
        verdict: 'depends',
        dependsOn: ['aws:EpochTime']
      },
      {
        why: 'seconds gone',
        document: and({ NumericGreaterThan: { 'aws:EpochTime': '1577836800' } }),
        asked: { at: now },
        verdict: 'allowed'
      },
      {
        why: 'a time that is none',
        document: and({ DateLessThan: { 'aws:CurrentTime': '2020-01-01' } }),
        asked: { at: new Date(NaN) },
        verdict: 'depends'
      }
    ]
  },
  {
    class: 'operators of other types on text',
    source: `${guide}reference_policies_elements_condition_operators.html`,
    cases: [
      ...(
        ['NumericEquals', 'NumericLessThan', 'DateEquals', 'IpAddress', 'Bool', 'BinaryEquals'] as const
      ).map((operator) => denied(operator, when({ [operator]: { [sub]: '1' } }), 'subject')),
      ...(['NumericNotEquals', 'DateNotEquals', 'NotIpAddress'] as const).map((operator) =>
        depends(`${operator}: AWS does not say`, when({ [operator]: { [sub]: '1' } }))
      ),
      denied('ArnLike that fits in no way', when({ ArnLike: { [sub]: 'arn:aws:iam::*:role/x' } }), 'subject'),
      depends('ArnLike on what is no ARN', when({ ArnLike: { [sub]: 'system:serviceaccount:shop:*' } })),
      depends(
        'BinaryEquals on text',
        when({ BinaryEquals: { [sub]: Buffer.from(subject).toString('base64') } })
      ),
      depends('an empty list', when({ StringEquals: { [sub]: [] } })),
      allowed(
        'ArnEquals on an ARN',
        when({
          ...asks({}),
          ...{ ArnEquals: { [`${host}:aud`]: 'arn:aws:x:*:*:b*' } },
          StringEquals: { [sub]: subject }
        }),
        { asked: { audience: 'arn:aws:x:r:a:b:c' } }
      ),
      denied(
        'ArnLike does not reach over a colon',
        when({ StringEquals: { [sub]: subject }, ArnLike: { [`${host}:aud`]: 'arn:aws:*:b' } }),
        'audience',
        { asked: { audience: 'arn:aws:x:r:a:b' } }
      ),
      ...(
        [
          ['NumericEquals', '5', true],
          ['NumericEquals', 5, true],
          ['NumericLessThan', '6', true],
          ['NumericLessThanEquals', '5.0', true],
          ['NumericGreaterThan', '5', false],
          ['NumericGreaterThanEquals', '5', true],
          ['NumericNotEquals', '5', false],
          ['NumericEquals', 'five', false]
        ] as const
      ).map(([operator, value, holds]): TrustCase => ({
        why: `${operator} ${value} of an audience that is a number`,
        document: when({ StringEquals: { [sub]: subject }, [operator]: { [`${host}:aud`]: value } }),
        asked: { audience: '5' },
        verdict: holds ? 'allowed' : 'denied'
      })),
      ...(
        [
          ['10.0.0.0/8', true],
          ['10.1.2.3', true],
          ['10.1.2.0/31', false],
          ['2001:db8::/32', false],
          ['0.0.0.0/0', true],
          ['10.0.0.0/33', false],
          ['10.0.0.0/8/8', false],
          ['10.0.0.0/x', false]
        ] as const
      ).map(([range, holds]): TrustCase => ({
        why: `${range} of an audience that is an address`,
        document: when({ StringEquals: { [sub]: subject }, IpAddress: { [`${host}:aud`]: range } }),
        asked: { audience: '10.1.2.3' },
        verdict: holds ? 'allowed' : 'denied'
      })),
      {
        why: 'an address of version 6',
        document: when({ StringEquals: { [sub]: subject }, IpAddress: { [`${host}:aud`]: '2001:db8::/32' } }),
        asked: { audience: '2001:db8::1' },
        verdict: 'allowed'
      }
    ]
  },
  {
    class: 'policy variables',
    source: `${guide}reference_policies_variables.html`,
    cases: [
      allowed('the subject compared with itself', bySub('StringEquals', `\${${sub}}`), {
        overPermissive: true
      }),
      allowed('in other case', bySub('StringEquals', `\${${sub.toLowerCase()}}`), { overPermissive: true }),
      denied(
        'without the version they are text',
        { ...bySub('StringEquals', `\${${sub}}`), Version: '2008-10-17' },
        'subject'
      ),
      denied('no value', bySub('StringEquals', 'system:serviceaccount:shop:${aws:username}'), 'subject'),
      allowed('no value, negated', bySub('StringNotEquals', 'system:serviceaccount:shop:${aws:username}'), {
        overPermissive: true
      }),
      allowed('a default', bySub('StringEquals', "system:serviceaccount:shop:${aws:username, 'cart'}")),
      denied(
        'another default',
        bySub('StringEquals', "system:serviceaccount:shop:${aws:username, 'web'}"),
        'subject'
      ),
      allowed(
        'a default in a pattern',
        bySub('StringLike', "system:serviceaccount:${aws:username, 'shop'}:c*")
      ),
      depends(
        'a value of the request',
        bySub('StringEquals', 'system:serviceaccount:shop:${sts:RoleSessionName}'),
        'sts:RoleSessionName'
      ),
      ...[
        'system:serviceaccount:billing:${sts:RoleSessionName}',
        '${sts:RoleSessionName}:web',
        'system:serviceaccount:${aws:userid}:shop:cart:x',
        '${aws:userid}x${aws:SourceIp}',
        "system:serviceaccount:${aws:SourceIp, 'shop'}:web"
      ].flatMap((value) =>
        ['StringEquals', 'StringLike', 'StringEqualsIgnoreCase', 'ArnLike'].map((operator) =>
          denied(
            `a value of the request, but the rest differs: ${operator} ${value}`,
            bySub(operator, value),
            'subject'
          )
        )
      ),
      denied(
        'a value of the request and a wildcard, but the rest differs',
        bySub('StringLike', '*:${sts:RoleSessionName}:we?'),
        'subject'
      ),
      depends(
        'the rest is the same, except for case',
        bySub('StringEqualsIgnoreCase', 'SYSTEM:ServiceAccount:shop:${sts:RoleSessionName}'),
        'sts:RoleSessionName'
      ),
      denied(
        'a literal wildcard beside a value of the request',
        bySub('StringEquals', 'system:serviceaccount:sho?:${sts:RoleSessionName}'),
        'subject'
      ),
      allowed(
        'excludes others than us, whatever the value is',
        and({ StringNotLike: { [sub]: 'system:serviceaccount:kube-*:${sts:RoleSessionName}' } })
      ),
      denied('a literal star', bySub('StringLike', 'system:serviceaccount:shop:${*}'), 'subject'),
      denied('a literal question mark', bySub('StringLike', 'system:serviceaccount:shop:car${?}'), 'subject'),
      allowed(
        'a literal star beside a wildcard',
        bySub('StringLike', ['${*}', 'system:${*}', "*${aws:username, 'cart'}"])
      ),
      denied(
        'an open bracket is text',
        bySub('StringEquals', 'system:serviceaccount:shop:${cart'),
        'subject'
      ),
      allowed(
        'ignoring case',
        bySub('StringEqualsIgnoreCase', "SYSTEM:serviceaccount:shop:${aws:username, 'CART'}")
      ),
      depends('in an Arn operator', when({ ArnLike: { [sub]: `\${${sub}}` } }))
    ]
  },
  {
    class: 'Deny',
    source: `${guide}reference_policies_evaluation-logic.html`,
    cases: [
      denied('of this account', deny(asks({})), 'explicit-deny', { statement: 1 }),
      denied('of all', deny(undefined), 'explicit-deny'),
      denied(
        'of its namespace',
        deny({ StringLike: { [sub]: 'system:serviceaccount:shop:*' } }),
        'explicit-deny'
      ),
      denied(
        'of all outside an organisation',
        deny({ StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } }),
        'explicit-deny'
      ),
      denied(
        'the same with IfExists',
        deny({ StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-1' } }),
        'explicit-deny'
      ),
      allowed(
        'the same with a guard',
        deny({ StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' }, Null: { 'aws:PrincipalOrgID': 'false' } })
      ),
      denied(
        'without MFA',
        deny({ BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } }),
        'explicit-deny'
      ),
      allowed(
        'without MFA, when the key is there',
        deny({ Bool: { 'aws:MultiFactorAuthPresent': 'false' } })
      ),
      denied('before the Allow', policy(statement({ Effect: 'Deny' }), statement()), 'explicit-deny', {
        statement: 0
      }),
      allowed('of another', deny(asks({ sub: 'system:serviceaccount:shop:web' }))),
      allowed(
        'of another provider',
        policy(
          statement(),
          statement({ Effect: 'Deny', Principal: { Federated: arnOf(other) }, Condition: undefined })
        )
      ),
      allowed(
        'of another action',
        policy(statement(), statement({ Effect: 'Deny', Action: 'sts:TagSession', Condition: undefined }))
      ),
      depends(
        'of everyone: AWS does not say',
        policy(statement(), statement({ Effect: 'Deny', Principal: { AWS: '*' }, Condition: undefined }))
      ),
      allowed(
        'strangers kept out by a Deny',
        policy(
          statement({ Condition: undefined }),
          statement({ Effect: 'Deny', Condition: { StringNotEquals: { [sub]: subject } } })
        ),
        { overPermissive: false }
      )
    ]
  },
  {
    class: 'breadth',
    source: `${guide}id_roles_providers_oidc_secure-by-default.html and the contract of evaluateTrust`,
    cases: [
      ...[
        'system:serviceaccount:*',
        'system:serviceaccount:*:cart',
        '*',
        '*:cart',
        '*cart',
        'system:*',
        'system:serviceaccount:sho?:cart',
        'system:serviceaccount:shop*',
        'system:serviceaccount:*shop:cart',
        'system:serviceaccount:shop*:cart',
        'system:*:shop:cart*',
        's*cart'
      ].map((pattern) =>
        allowed(pattern, bySub('StringLike', pattern), { overPermissive: pattern !== 'system:*:shop:cart*' })
      ),
      ...[
        'system:serviceaccount:shop:*',
        'system:serviceaccount:shop:c*',
        'system:serviceaccount:shop:car?',
        subject
      ].map((pattern) => allowed(pattern, bySub('StringLike', pattern), { overPermissive: false })),
      denied(
        'a wildcard that reaches others, not us',
        bySub('StringLike', 'system:serviceaccount:prod-*:cart'),
        'subject',
        {
          overPermissive: true
        }
      ),
      ...[
        'system:serviceaccount:prod:*',
        'system:serviceaccount:prod:car?',
        'system:serviceaccount:prod:*-cart'
      ].map((pattern) =>
        denied(`only inside another namespace: ${pattern}`, bySub('StringLike', pattern), 'subject', {
          overPermissive: false
        })
      ),
      ...[
        ['system:serviceaccount:shop:*', false],
        ['system:serviceaccount:prod-?:cart', true],
        ['system:serviceaccount:*:cart', true],
        [['system:serviceaccount:shop:cart', 'system:serviceaccount:shop:web-*'], false],
        [['system:serviceaccount:shop:cart', 'system:serviceaccount:sh*:web'], true]
      ].flatMap(([value, overPermissive]) =>
        ['StringNotLike', 'StringNotLikeIfExists', 'ForAnyValue:StringNotLike'].map((operator) => ({
          why: `an allow-list as a Deny: ${operator} ${JSON.stringify(value)}`,
          document: policy(
            statement({ Condition: { StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com' } } }),
            statement({ Effect: 'Deny', Condition: { [operator]: { [sub]: value } } })
          ),
          verdict: String(value).includes('prod-') ? ('denied' as const) : ('allowed' as const),
          overPermissive: Boolean(overPermissive)
        }))
      ),
      allowed(
        'a wildcard held by an exact condition',
        when({ StringLike: { [sub]: 'system:serviceaccount:*:cart' }, StringEquals: { [sub]: subject } }),
        { overPermissive: false }
      ),
      allowed('no condition', when(undefined), { overPermissive: true }),
      allowed('only an audience', when(asks({ sub: undefined })), { overPermissive: true }),
      allowed('only a negated subject', bySub('StringNotLike', 'system:serviceaccount:kube-system:*'), {
        overPermissive: true
      }),
      allowed('no audience', when(asks({ aud: undefined })), { overPermissive: false }),
      allowed('a second loose statement', policy(statement(), statement({ Condition: undefined })), {
        overPermissive: true
      }),
      allowed(
        'a loose statement for another cluster of the account',
        policy(statement(), statement({ Principal: { Federated: arnOf(other) }, Condition: undefined })),
        { overPermissive: true }
      ),
      allowed(
        'a limited one for another cluster',
        policy(
          statement(),
          statement({
            Principal: { Federated: arnOf(other) },
            Condition: { StringEquals: { [`${other}:sub`]: subject } }
          })
        ),
        { overPermissive: false }
      ),
      allowed(
        'another service account by name',
        when(asks({ sub: [subject, 'system:serviceaccount:prod:cart'] })),
        {
          overPermissive: false
        }
      ),
      allowed(
        'a loose statement for a service',
        policy(
          statement(),
          statement({
            Principal: { Service: 'ec2.amazonaws.com' },
            Action: 'sts:AssumeRole',
            Condition: undefined
          })
        ),
        { overPermissive: false }
      )
    ]
  },
  {
    class: 'the nearest of several statements',
    source: 'the contract of evaluateTrust',
    cases: [
      denied(
        'a statement for people is not meant',
        policy(
          statement({ Principal: { AWS: account }, Action: 'sts:AssumeRole', Condition: undefined }),
          statement({ Condition: asks({ sub: 'system:serviceaccount:default:cart' }) })
        ),
        'subject',
        { statement: 1 }
      ),
      denied(
        'the same name is nearer than nothing in common',
        policy(
          statement({ Condition: asks({ sub: 'system:serviceaccount:a:b' }) }),
          statement({ Condition: asks({ sub: 'system:serviceaccount:default:cart' }) })
        ),
        'subject',
        { statement: 1 }
      ),
      denied(
        'our provider, misspelt, before that of another cluster',
        policy(
          statement({ Principal: { Federated: arnOf(other) } }),
          statement({ Principal: { Federated: `${provider}/` } })
        ),
        'provider',
        { statement: 1 }
      ),
      denied(
        'fewer conditions that fail',
        policy(
          statement({ Condition: asks({ sub: 'system:serviceaccount:shop:web', aud: 'x' }) }),
          statement({ Condition: asks({ aud: 'x' }) })
        ),
        'audience',
        { statement: 1 }
      ),
      allowed('the Allow that matched', policy(statement({ Condition: asks({ sub: 'x' }) }), statement()), {
        statement: 1
      }),
      {
        why: 'the Allow that is open',
        document: policy(
          statement({ Condition: asks({ sub: 'x' }) }),
          statement({ Condition: { ...asks({}), StringEquals: { 'aws:UserAgent': 'x' } } })
        ),
        verdict: 'depends',
        statement: 1
      }
    ]
  }
]
