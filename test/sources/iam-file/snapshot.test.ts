import t from 'tap'
import { parseRoleArn } from '../../../src/model/role-arn.js'
import { loadSnapshots } from '../../../src/sources/iam-file/snapshot.js'

const head = { apiVersion: 'irsa-guard.io/v1', kind: 'IamSnapshot' }
const issuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE'
const providerArn = 'arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE'
const ask = { namespace: 'shop', deadline: new AbortController() }
const load = (...contents: unknown[]): ReturnType<typeof loadSnapshots> =>
  loadSnapshots(contents.map((content, i) => ({ file: `${i}.json`, content })))

t.test('names file, field and value of what is wrong', async (t) => {
  const table: readonly (readonly [unknown, RegExp])[] = [
    [null, /^0\.json: expected an object with apiVersion "irsa-guard.io\/v1"/],
    [{ kind: 'IamSnapshot' }, /apiVersion/],
    [{ ...head, role: [] }, /^0\.json: role: unknown key; did you mean roles\?/],
    [
      { ...head, takenAt: 'yesterday' },
      /takenAt is "yesterday"; expected a time such as 2026-11-22T10:00:00Z/
    ],
    [{ ...head, roles: {} }, /roles is \{\}; expected a list/],
    [{ ...head, roles: ['x'] }, /roles\[0\]\.arn is "x"; expected the ARN of a role/],
    [{ ...head, roles: [{ arn: 'x' }] }, /roles\[0\]\.arn is "x"/],
    [
      { ...head, roles: [{ arn: 'arn:aws:iam::111122223333:role/a', trustPolicy: 5 }] },
      /roles\[0\]\.trustPolicy is 5; expected an object or a string/
    ],
    [
      { ...head, accounts: [111122223333] },
      /accounts\[0\] is 111122223333; expected an account ID, a string of 12 digits/
    ],
    [{ ...head, oidcProviders: {} }, /oidcProviders is \{\}; expected a list/],
    [
      { ...head, oidcProviders: [{ arn: 'x' }] },
      /oidcProviders\[0\]\.arn is "x"; expected the ARN of an OIDC provider/
    ],
    [{ ...head, oidcProviders: [null] }, /oidcProviders\[0\]\.arn is undefined/],
    [
      { ...head, oidcProviders: [{ arn: providerArn, clientIds: [1] }] },
      /oidcProviders\[0\]\.clientIds contains 1; expected strings/
    ],
    [{ RoleDetailList: 'x' }, /RoleDetailList is "x"; expected a list/],
    [{ RoleDetailList: [{ Arn: 'x' }] }, /RoleDetailList\[0\]\.Arn is "x"; expected the ARN of a role/],
    [{ ...head, issuer: 'oidc.example' }, /issuer is "oidc.example"; expected a URL/]
  ]
  for (const [content, message] of table)
    t.throws(() => load(content), { code: 'ERR_IAM_SNAPSHOT', message }, JSON.stringify(content))
})

t.test('tells absent from unknown', async (t) => {
  const arn = 'arn:aws:iam::111122223333:role/Team/Cart'
  const { iam, issuer } = load(
    { ...head, accounts: ['111122223333'], roles: [{ arn }], issuer: 'https://a.example' },
    { ...head, issuer: 'https://a.example', roles: [{ arn: 'arn:aws:iam::444455556666:role/a' }] }
  )
  const read = async (text: string): Promise<unknown> => {
    const parsed = parseRoleArn(text)
    return parsed && iam.readRole(parsed, ask)
  }
  t.equal(issuer, 'https://a.example')
  t.strictSame(await read(arn), { state: 'known', value: { exists: true, arn } })
  t.strictSame(
    await read('arn:aws:iam::111122223333:role/cart'),
    { state: 'known', value: { exists: true, arn } },
    'names are unique whatever path and case'
  )
  t.strictSame(await read('arn:aws:iam::111122223333:role/gone'), {
    state: 'known',
    value: { exists: false, similar: undefined }
  })
  t.match(
    await read('arn:aws:iam::444455556666:role/gone'),
    { state: 'unknown' },
    'nobody said that the list is complete'
  )
  const role = parseRoleArn(arn)
  const noRoles = load({ ...head, accounts: ['111122223333'], oidcProviders: [] }).iam
  t.match(role && noRoles.readRole(role, ask), { state: 'unknown' }, 'a list that is left out is not empty')
  t.equal(
    load({ ...head, issuer: 'https://a.example' }, { ...head, issuer: 'https://b.example' }).issuer,
    undefined
  )
})

t.test('reads trust policies as objects, JSON text and percent-encoded text', async (t) => {
  const policy = { Version: '2012-10-17' }
  const text = JSON.stringify(policy)
  const table: readonly (readonly [unknown, object | undefined])[] = [
    [policy, { document: policy, encoding: 'json' }],
    [text, { document: text, encoding: 'json' }],
    [encodeURIComponent(text), { document: encodeURIComponent(text), encoding: 'url' }],
    [undefined, undefined]
  ]
  const arn = parseRoleArn('arn:aws:iam::111122223333:role/cart')
  if (arn === undefined) return t.fail()
  for (const [trustPolicy, expected] of table) {
    const { iam } = load({ ...head, roles: [{ arn: arn.text, trustPolicy }] })
    t.match(await iam.readRole(arn, ask), { state: 'known', value: { exists: true, trustPolicy: expected } })
  }
})

t.test('tells a provider that is missing from one that nobody listed', async (t) => {
  const question = { account: '111122223333', partition: 'aws', issuer }
  const read = async (content: object, of = question): Promise<unknown> =>
    load({ ...head, ...content }).iam.readProvider(of, ask)
  const accounts = ['111122223333']
  const listed = { accounts, oidcProviders: [{ arn: providerArn, clientIds: ['sts.amazonaws.com'] }] }
  t.strictSame(await read(listed), {
    state: 'known',
    value: { registered: true, arn: providerArn, clientIds: ['sts.amazonaws.com'] }
  })
  t.match(
    await read({
      accounts,
      oidcProviders: [{ arn: `${providerArn}/` }, { arn: `${providerArn}/`.replace('1111', '4444') }]
    }),
    {
      state: 'known',
      value: { registered: false, arn: providerArn, similar: [`${providerArn}/`] }
    }
  )
  t.strictSame(await read({ accounts, oidcProviders: [] }), {
    state: 'known',
    value: { registered: false, arn: providerArn, similar: [] }
  })
  t.match(await read({ accounts }), {
    state: 'unknown',
    because: 'the IAM file does not list the OIDC providers of account 111122223333'
  })
  t.match(await read({ oidcProviders: [] }), { state: 'unknown' }, 'nobody said that the list is complete')
  t.match(await read(listed, { ...question, account: '444455556666' }), { state: 'unknown' })
})

t.test('reads the output of aws iam get-account-authorization-details', async (t) => {
  const arn = 'arn:aws:iam::111122223333:role/team/cart'
  const role = {
    Path: '/team/',
    RoleName: 'cart',
    Arn: arn,
    AssumeRolePolicyDocument: { Version: '2012-10-17' }
  }
  const whole = { UserDetailList: [], GroupDetailList: [], RoleDetailList: [role], Policies: [] }
  const { RoleDetailList, ...withoutRoles } = whole
  const read = async (content: object, name = 'gone'): Promise<unknown> => {
    const parsed = parseRoleArn(`arn:aws:iam::111122223333:role/${name}`)
    return parsed && load(content).iam.readRole(parsed, ask)
  }
  t.match(await read(whole, 'cart'), {
    state: 'known',
    value: { exists: true, arn, trustPolicy: { document: { Version: '2012-10-17' }, encoding: 'json' } }
  })
  t.match(await load(whole).iam.readProvider({ account: '111122223333', partition: 'aws', issuer }, ask), {
    state: 'unknown'
  })
  t.strictSame(
    await read(whole),
    { state: 'known', value: { exists: false, similar: undefined } },
    'a whole listing'
  )
  t.strictSame(
    await read({ ...whole, IsTruncated: false }),
    { state: 'known', value: { exists: false, similar: undefined } },
    'one page that is all'
  )
  const table: readonly (readonly [string, object])[] = [
    ['one page of several', { ...whole, IsTruncated: true, Marker: 'x' }],
    ['a page of the command line', { ...whole, NextToken: 'x' }],
    ['filtered, without roles', { ...withoutRoles, RoleDetailList: [] }],
    ['cut down with --query', { RoleDetailList }],
    [
      'put together of two accounts',
      { ...whole, RoleDetailList: [role, { Arn: 'arn:aws:iam::444455556666:role/a' }] }
    ]
  ]
  for (const [why, content] of table) t.match(await read(content), { state: 'unknown' }, why)
})

t.test("passes over somebody's own keys", async (t) => {
  t.equal(load({ ...head, takenAt: '2026-11-22T10:00:00Z', issuer, generatedBy: 'us' }).issuer, issuer)
})
