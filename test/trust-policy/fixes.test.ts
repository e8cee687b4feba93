// Fixes are proved: random mistakes are made in policies, and whatever is suggested is applied and judged again.
import fc from 'fast-check'
import t from 'tap'
import { evaluateTrust } from '../../src/library/index.js'
import { contextOf } from '../../src/trust-policy/context.js'
import { evaluatePolicy, webIdentityCall } from '../../src/trust-policy/evaluate.js'
import { judgeTrust } from '../../src/trust-policy/judge.js'
import { parsePolicy } from '../../src/trust-policy/policy.js'
import { account, host, policy, provider, question, statement, subject } from '../support/trust.js'

const at = new Date('2026-11-24T00:00:00Z')
const other = 'oidc.eks.eu-west-1.amazonaws.com/id/OTHERD539D4633E53DE1B71OTHEREXAM'
const foreign = '444455556666'
const providerOf = (issuer: string, owner = account): string =>
  `arn:aws:iam::${owner}:oidc-provider/${issuer}`

type Json = Record<string, unknown>
type Mistake = (statement: Json) => void

const recordIn = (value: Json, key: string): Json => {
  const found = value[key]
  return typeof found === 'object' && found !== null ? (found as Json) : {} // the generators make only objects
}
const equals = (statement: Json): Json => recordIn(recordIn(statement, 'Condition'), 'StringEquals')
const without = (value: Json, key: string): Json =>
  Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
const renameKey =
  (from: string, to: string): Mistake =>
  (statement) => {
    const keys = equals(statement)
    if (!(from in keys)) return
    const entries = Object.entries(keys).map(([key, value]): [string, unknown] => [
      key === from ? to : key,
      value
    ])
    statement['Condition'] = {
      ...recordIn(statement, 'Condition'),
      StringEquals: Object.fromEntries(entries)
    }
  }
const setKey =
  (key: string, value: unknown): Mistake =>
  (statement) => {
    const rest = without(equals(statement), key)
    statement['Condition'] = {
      ...recordIn(statement, 'Condition'),
      StringEquals: value === undefined ? rest : { ...rest, [key]: value }
    }
  }
const set =
  (element: string, value: unknown): Mistake =>
  (statement) => {
    statement[element] = value // what is undefined disappears from the JSON
  }
const renameOperator =
  (name: string): Mistake =>
  (statement) => {
    const { StringEquals: keys, ...rest } = recordIn(statement, 'Condition')
    if (keys !== undefined) statement['Condition'] = { ...rest, [name]: keys }
  }
const also =
  (operator: string, keys: Json): Mistake =>
  (statement) => {
    statement['Condition'] = { ...recordIn(statement, 'Condition'), [operator]: keys }
  }

const [sub, aud] = [`${host}:sub`, `${host}:aud`]
const wrongKeys = (claim: 'sub' | 'aud'): string[] => [
  `https://${host}:${claim}`,
  `http://${host}:${claim}`,
  `${host}/:${claim}`,
  `${host.replace('/', ':443/')}:${claim}`,
  `${provider}:${claim}`,
  `${other}:${claim}`,
  `${host}:${claim} `,
  `${host}.${claim}`,
  claim,
  host,
  `${host}:`,
  `${host}:subject`,
  `${host}:namespace`
]
const otherSubjects = [
  'system:serviceaccount:shop:web',
  'system:serviceaccount:default:cart',
  'system:serviceaccount:billing:invoices'
]
const mistakes: readonly Mistake[] = [
  ...wrongKeys('sub').map((key) => renameKey(sub, key)),
  ...wrongKeys('aud').map((key) => renameKey(aud, key)),
  renameKey(sub, aud),
  renameKey(aud, sub),
  setKey(sub, undefined),
  setKey(aud, undefined),
  setKey(aud, subject),
  setKey(sub, 'sts.amazonaws.com'),
  ...[
    ...otherSubjects,
    otherSubjects,
    [subject, ...otherSubjects],
    'system:serviceaccount:shop:*',
    'system:serviceaccount:*:*',
    '*',
    `${subject} `,
    'system:serviceaccount:shop:Cart',
    'shop:cart',
    'system:serviceaccount:cart:shop',
    `\${${sub}}`,
    'system:serviceaccount:shop:${aws:UserAgent}'
  ].map((value) => setKey(sub, value)),
  ...['sts.amazonaws.com ', 'STS.amazonaws.com', 'vault', '*', ['vault', 'x'], subject].map((value) =>
    setKey(aud, value)
  ),
  ...[
    `https://${host}`,
    host,
    `${provider}/`,
    `${provider} `,
    provider.toLowerCase(),
    providerOf(`https://${host}`),
    provider.replace('/id/', ':443/id/'),
    providerOf(host, foreign),
    providerOf(other),
    [providerOf(other), provider],
    [providerOf(other), `${provider}/`],
    `${providerOf(other)},${provider}`,
    `${provider}, ${providerOf(host, foreign)}`,
    '*',
    'accounts.google.com'
  ].map((value) => set('Principal', { Federated: value })),
  set('Principal', { AWS: provider }),
  set('Principal', { AWS: [account, provider] }),
  set('Principal', { AWS: `arn:aws:iam::${foreign}:role/x`, Federated: provider }),
  set('Principal', { AWS: `arn:aws:iam::${foreign}:root` }),
  set('Principal', { Service: 'ec2.amazonaws.com' }),
  set('Principal', { Service: 'pods.eks.amazonaws.com' }),
  set('Principal', { federated: provider }),
  set('Principal', '*'),
  set('Action', 'sts:AssumeRole'),
  set('Action', ['sts:AssumeRole', 'sts:TagSession']),
  set('Action', 'sts:AssumeRoleWithWebIdendity'),
  set('Action', undefined),
  (statement) => {
    delete statement['Action']
    statement['NotAction'] = 'sts:AssumeRoleWithWebIdentity'
  },
  set('Resource', '*'),
  set('Effect', 'allow'),
  set('Effect', undefined),
  set('Sid', 'not a sid'),
  set('Condition', undefined),
  (statement) => {
    const condition = recordIn(statement, 'Condition')
    delete statement['Condition']
    Object.assign(statement, condition)
  },
  ...[
    'StringLike',
    'StringEqual',
    'stringequals',
    'StringEqualsIfExists',
    'ForAllValues:StringEquals',
    'ForAnyValue:StringLike',
    'StringNotEquals',
    'ArnLike',
    'Conditions'
  ].map(renameOperator),
  also('Bool', { 'aws:MultiFactorAuthPresent': 'true' }),
  also('StringLike', { 'aws:PrincipalOrgID': 'o-1' }),
  also('StringLike', { 'aws:PrincipalOrgID': 'o-1', 'aws:sub': subject }),
  also('StringLike', { [`${host}/:sub`]: 'system:serviceaccount:*' }),
  also('StringNotEquals', { [sub]: 'system:serviceaccount:shop:web' }),
  also('IpAddress', { 'aws:SourceIp': '192.0.2.0/24' }),
  also('DateLessThan', { 'aws:CurrentTime': '2020-01-01T00:00:00Z' }),
  also('Null', { [sub]: 'true' })
]

const makeMistakes = (count: { minLength: number; maxLength: number }): fc.Arbitrary<Json> =>
  fc.array(fc.constantFrom(...mistakes), count).map((made) => {
    const broken = structuredClone(statement()) as Json
    for (const mistake of made) mistake(broken)
    return broken
  })
const bystanders = fc.constantFrom<object>(
  statement({ Condition: { StringEquals: { [sub]: otherSubjects[0], [aud]: 'sts.amazonaws.com' } } }),
  statement({ Condition: { StringLike: { [sub]: 'system:serviceaccount:billing:*' } } }),
  statement({
    Principal: { Federated: providerOf(other) },
    Condition: { StringEquals: { [`${other}:sub`]: subject } }
  }),
  { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
  {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${foreign}:root` },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': 'x' } }
  },
  statement({ Effect: 'Deny', Condition: { StringEquals: { [sub]: otherSubjects[1] } } })
)
const broken = fc
  .record({
    Version: fc.constantFrom('2012-10-17', '2012-10-17', '2012-10-17', '2008-10-17', '2024-05-01', undefined),
    Statement: fc
      .tuple(
        fc.array(makeMistakes({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }),
        fc.array(bystanders, { maxLength: 2 })
      )
      .map(([one, two]) => [...one, ...two])
  })
  .map((document) => JSON.parse(JSON.stringify(document)) as Json)

/** What IAM is known to refuse, written down a second time, without the parser. */
function refusalOf(document: unknown, before: unknown): string | undefined {
  const [size, sizeBefore] = [document, before].map((one) => JSON.stringify(one).length)
  // An account that stores more already has a higher quota.
  if (Number(size) > 2048 && Number(sizeBefore) <= 2048) return 'it is longer than the default quota'
  const { Version: version, Statement: list, ...strangers } = document as Json
  if (Object.keys(strangers).length > 0) return `it has ${Object.keys(strangers).join()}`
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') return 'its version'
  for (const one of [list].flat() as Json[]) {
    for (const key of Object.keys(one))
      if (!/^(?:Sid|Effect|Principal|Action|NotAction|Condition)$/.test(key)) return `element ${key}`
    if (!/^(?:Allow|Deny)$/.test(String(one['Effect']))) return 'its effect'
    if (one['Sid'] !== undefined && !/^"[A-Za-z0-9]*"$/.test(JSON.stringify(one['Sid']))) return 'its Sid'
    for (const [type, values] of Object.entries(recordIn(one, 'Principal')))
      for (const value of [values].flat().map(String)) {
        if (type === 'Federated' && !/^(?:arn:aws[\w-]*:iam::\d{12}:|\*$|[\w.-]+$)/.test(value)) return value
        if (type === 'Federated' && /:\/\/|, ?arn:/.test(value)) return value
        if (type === 'AWS' && value.includes('-provider/')) return value
      }
    for (const action of [one['Action'] ?? one['NotAction']].flat().map(String))
      if (!/^sts:(?:AssumeRole(?:WithSAML|WithWebIdentity)?|TagSession|SetSourceIdentity)$/.test(action))
        return action
    for (const keys of Object.values(recordIn(one, 'Condition')))
      for (const key of Object.keys(keys as Json))
        if (key.includes('://') || (!key.startsWith('arn:') && key.split(':').length > 2)) return key
  }
  return undefined
}

/** Other identities that a role may admit: service accounts, clusters, accounts that own a provider. */
const strangers = [host, other, 'accounts.google.com']
  .flatMap((issuer) =>
    [
      subject,
      ...otherSubjects,
      'system:serviceaccount:cart:shop',
      'system:serviceaccount:shop:carts',
      'system:serviceaccount:shopping:cart',
      'system:serviceaccount:x:y',
      'sts.amazonaws.com',
      'x'
    ].flatMap((name) =>
      ['sts.amazonaws.com', 'vault', subject].flatMap((audience) =>
        [account, foreign].map((owner) => ({ issuer, name, audience, owner }))
      )
    )
  )
  .filter(({ issuer, name, owner }) => issuer !== host || name !== subject || owner !== account)

const verdictFor = (
  document: unknown,
  { issuer, name, audience, owner }: (typeof strangers)[number]
): Verdict => {
  const parsed = parsePolicy(document)
  if ('reason' in parsed) return 'invalid'
  const arn = providerOf(issuer, owner)
  const token = { issuer, provider: arn, subject: name, audience, roleAccount: account, partition: 'aws', at }
  return evaluatePolicy(parsed, webIdentityCall(arn, contextOf(token))).verdict
}

type Verdict = 'allowed' | 'depends' | 'denied' | 'invalid'

/** What a document admits already. IAM never stored an invalid one, but its sound statements are clear. */
function admittedBefore(document: Json, stranger: (typeof strangers)[number]): Verdict {
  const verdict = verdictFor(document, stranger)
  if (verdict !== 'invalid') return verdict
  const each = ([document['Statement']].flat() as Json[]).map((one) =>
    // The name of a statement means nothing.
    verdictFor({ ...policy(), Statement: [without(one, 'Sid')] }, stranger)
  )
  return each.find((one) => one === 'allowed') ?? each.find((one) => one === 'depends') ?? 'denied'
}

/** Identities of AWS that a document trusts, with the statement's actions. */
const trustedAws = (document: unknown): string[] =>
  ([(document as Json)['Statement']].flat() as Json[]).flatMap((one) =>
    Object.entries(recordIn(one, 'Principal')).flatMap(([type, values]) =>
      type === 'Federated' || one['Effect'] === 'Deny'
        ? []
        : [values].flat().map((value) => `${type} ${String(value)}`)
    )
  )

t.test('whatever is suggested works, is stored by IAM, and admits nobody else', async (t) => {
  let suggestions = 0
  let repaired = 0
  fc.assert(
    fc.property(broken, (before) => {
      const { suggested, findings, verdict } = evaluateTrust(question(before, { at }))
      if (suggested === undefined) return
      suggestions++
      if (verdict === 'invalid') repaired++
      const show = (): string => JSON.stringify({ before, suggested }, null, 1)
      const again = evaluateTrust(question(suggested, { at }))
      if (again.verdict !== 'allowed') throw new Error(`it is ${again.verdict}: ${show()}`)
      const refusal = refusalOf(suggested, before)
      if (refusal !== undefined) throw new Error(`IAM refuses ${refusal}: ${show()}`)
      const errors = again.findings.filter(({ severity }) => severity === 'error')
      if (errors.length > 0) throw new Error(`${JSON.stringify(errors)}: ${show()}`)
      const cured = findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)
      if (again.findings.some(({ rule }) => cured.includes(rule))) throw new Error(`not cured: ${show()}`)

      const text = JSON.stringify(before)
      for (const stranger of strangers) {
        if (verdictFor(suggested, stranger) === 'denied') continue
        const was = admittedBefore(before, stranger)
        const isWider = was !== 'allowed' && was !== verdictFor(suggested, stranger)
        // Whom a document that IAM never stored names in full, its author meant.
        const isMeant = verdict === 'invalid' && text.includes(`"${stranger.name}"`)
        if (isWider && !isMeant) throw new Error(`${JSON.stringify(stranger)} is new: ${show()}`)
      }
      const newAws = trustedAws(suggested).filter((one) => !trustedAws(before).includes(one))
      if (newAws.length > 0) throw new Error(`${newAws.join()} is new: ${show()}`)
    }),
    { numRuns: 6000, seed: 20261127 }
  )
  t.ok(suggestions > 2000, `${suggestions} suggestions were tried`)
  t.comment(`${repaired} of ${suggestions} documents were invalid`)
})

t.test('a condition is removed, and a key corrected, only where the subject stays limited', async (t) => {
  const anybody = {
    issuer: host,
    name: 'system:serviceaccount:x:y',
    audience: 'sts.amazonaws.com',
    owner: account
  }
  let removals = 0
  let keys = 0
  fc.assert(
    fc.property(broken, (before) => {
      const { findings } = evaluateTrust(question(before, { at }))
      const { miss } = judgeTrust(question(before, { at }))
      const [fix] = findings.map(({ fix }) => fix)
      if (fix === undefined || miss === undefined || !('failed' in miss)) return
      const list = structuredClone(before['Statement']) as Json[]
      const one = list[miss.statement]
      if (one === undefined) return
      const condition = recordIn(one, 'Condition')
      if (fix.startsWith('remove that condition')) {
        removals++
        for (const { operator, key } of miss.failed) {
          condition[operator] = without(recordIn(condition, operator), key)
        }
      } else if (fix.startsWith('write the key')) {
        keys++
        const meant = new Map(
          miss.failed.map(({ operator, key, expected }) => [`${operator} ${key}`, expected])
        )
        for (const [operator, conditions] of Object.entries(condition))
          condition[operator] = Object.fromEntries(
            Object.entries(conditions as Json).map(([key, value]) => [
              meant.get(`${operator} ${key}`) ?? key,
              value
            ])
          )
        for (const [, key = '', value] of fix.matchAll(/(?:and add|and) "([^"]+)" with "([^"]+)"/g))
          condition['StringEquals'] = { ...recordIn(condition, 'StringEquals'), [key]: value }
      } else return
      const after = { ...before, Statement: list }
      if (verdictFor({ ...policy(), Statement: [one] }, anybody) === 'allowed')
        throw new Error(`${fix}: everybody is admitted: ${JSON.stringify({ before, after }, null, 1)}`)
    }),
    { numRuns: 6000, seed: 20261127 }
  )
  t.ok(removals > 50 && keys > 300, `${removals} removals and ${keys} keys were tried`)
})
