import t from 'tap'
import { loadSnapshots } from '../../src/facts/snapshot.js'
import { parseRoleArn } from '../../src/model/role-arn.js'

const head = { apiVersion: 'irsa-guard.io/v1', kind: 'IamSnapshot' }
const load = (...contents: unknown[]): ReturnType<typeof loadSnapshots> =>
  loadSnapshots(contents.map((content, i) => ({ file: `${i}.json`, content })))

t.test('names file, field and value of what is wrong', async (t) => {
  const table: readonly (readonly [unknown, RegExp])[] = [
    [null, /^0\.json: expected an object with apiVersion "irsa-guard.io\/v1"/],
    [{ kind: 'IamSnapshot' }, /apiVersion/],
    [{ ...head, roles: {} }, /roles is \{\}; expected a list/],
    [{ ...head, roles: ['x'] }, /roles\[0\]\.arn is "x"; expected the ARN of a role/],
    [{ ...head, roles: [{ arn: 'x' }] }, /roles\[0\]\.arn is "x"/],
    [
      { ...head, roles: [{ arn: 'arn:aws:iam::111122223333:role/a', trustPolicy: 5 }] },
      /roles\[0\]\.trustPolicy is 5; expected an object or text/
    ],
    [{ ...head, accounts: [111122223333] }, /accounts\[0\] is 111122223333; expected an account id, a text of 12 digits/],
    [{ ...head, issuer: 'oidc.example' }, /issuer is "oidc.example"; expected a URL/]
  ]
  for (const [content, message] of table) t.throws(() => load(content), { code: 'ERR_IAM_SNAPSHOT', message }, JSON.stringify(content))
})

t.test('tells absent from unknown', async (t) => {
  const arn = 'arn:aws:iam::111122223333:role/Team/Cart'
  const { roles, issuer } = load(
    { ...head, accounts: ['111122223333'], roles: [{ arn }], issuer: 'https://a.example' },
    { ...head, issuer: 'https://a.example', roles: [{ arn: 'arn:aws:iam::444455556666:role/a' }] }
  )
  const read = async (text: string): Promise<unknown> => {
    const parsed = parseRoleArn(text)
    return parsed && roles.readRole(parsed, new AbortController().signal)
  }
  t.equal(issuer, 'https://a.example')
  t.strictSame(await read(arn), { state: 'known', value: { exists: true, arn } })
  t.strictSame(
    await read('arn:aws:iam::111122223333:role/cart'),
    { state: 'known', value: { exists: true, arn } },
    'names are unique whatever path and case'
  )
  t.strictSame(await read('arn:aws:iam::111122223333:role/gone'), { state: 'known', value: { exists: false } })
  t.match(await read('arn:aws:iam::444455556666:role/gone'), { state: 'unknown' }, 'nobody said that the list is complete')
  t.equal(load({ ...head, issuer: 'https://a.example' }, { ...head, issuer: 'https://b.example' }).issuer, undefined)
})

t.test('reads trust policies: an object, text, or percent-encoded text', async (t) => {
  const arn = 'arn:aws:iam::111122223333:role/a'
  const parsed = parseRoleArn(arn)
  for (const [trustPolicy, encoding] of [
    [{ Statement: [] }, 'json'],
    ['{"Statement":[]}', 'json'],
    ['%7B%22Statement%22%3A%5B%5D%7D', 'url']
  ] as const) {
    const { roles } = load({ ...head, roles: [{ arn, trustPolicy }] })
    t.strictSame(parsed && (await roles.readRole(parsed, new AbortController().signal)), {
      state: 'known',
      value: { exists: true, arn, trustPolicy: { document: trustPolicy, encoding } }
    })
  }
})
