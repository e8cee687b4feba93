import type { Facts } from '../../src/facts/facts.js'
import { known, moot } from '../../src/model/fact.js'
import { parseNamespaceSettings } from '../../src/model/namespace.js'
import { identityWebhook } from '../support/accounts.js'
import type { Case } from '../support/rule-case.js'

const annotation = 'arn:aws:iam::111122223333:role/team/cart'

const allows = (allowed: unknown): Facts => ({
  identityWebhook,
  namespace: known(
    parseNamespaceSettings({ metadata: { annotations: { 'irsa-guard.io/allowed-roles': allowed } } })
  )
})

export const cases: readonly Case[] = [
  {
    why: 'a namespace that says nothing',
    annotation,
    facts: { identityWebhook, namespace: known(parseNamespaceSettings({})) }
  },
  { why: 'no namespace in sight', annotation, facts: { identityWebhook, namespace: moot('') } },
  { why: 'no role is asked for', annotation: undefined, facts: allows('') },
  { why: 'an empty annotation, as charts render it', annotation: '', facts: allows('') },
  { why: 'the very ARN', annotation, facts: allows(annotation) },
  { why: 'a star crosses slashes', annotation, facts: allows('arn:aws:iam::111122223333:*cart') },
  {
    why: 'one of several, blanks around commas',
    annotation,
    facts: allows(' a ,\n\tarn:aws:iam::111122223333:role/team/* , b')
  },
  {
    why: 'what is no ARN gives no role: another rule speaks',
    annotation: 'arn:aws:iam::111122223333:policy/cart',
    facts: allows('')
  },
  { why: 'a list where text belongs is none', annotation, facts: allows([]) },
  {
    why: 'another role',
    annotation,
    facts: allows('arn:aws:iam::111122223333:role/shop/*'),
    message:
      /^namespace shop is not allowed to use role "arn:aws:iam::111122223333:role\/team\/cart": its annotation irsa-guard.io\/allowed-roles allows "arn:aws:iam::111122223333:role\/shop\/\*"$/,
    fix: /^use a role that it allows/
  },
  {
    why: 'a waiver does not help',
    annotation,
    annotations: { 'ignore.irsa-guard.io/role-not-permitted-in-namespace': 'we need it' },
    facts: allows(''),
    message: /allows none$/
  },
  { why: 'commas alone allow nothing', annotation, facts: allows(' , ,'), message: /allows none$/ },
  {
    why: 'case matters',
    annotation,
    facts: allows('arn:aws:iam::111122223333:role/Team/*'),
    message: /is not allowed to use/
  },
  {
    why: 'a prefix is no glob',
    annotation,
    facts: allows('arn:aws:iam::111122223333:role/team/'),
    message: /is not allowed to use/
  },
  {
    why: 'a bare name, of which an identity webhook may make an ARN',
    annotation: 'admin',
    facts: allows('arn:*'),
    message: /role "admin"/
  },
  {
    why: 'many globs',
    annotation,
    facts: allows('a,b,c,d,e,f,g'),
    message: /allows "a", "b", "c", "d", "e" and 2 more$/
  },
  {
    why: 'it was so before this request',
    annotation,
    before: annotation,
    facts: allows(''),
    message: /./,
    atAdmission: 'warning'
  }
]
