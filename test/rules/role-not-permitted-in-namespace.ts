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
    why: 'a namespace without the annotation',
    annotation,
    facts: { identityWebhook, namespace: known(parseNamespaceSettings({})) }
  },
  { why: 'the namespace is not known', annotation, facts: { identityWebhook, namespace: moot('') } },
  { why: 'no role requested', annotation: undefined, facts: allows('') },
  { why: 'an empty annotation, as charts render it', annotation: '', facts: allows('') },
  { why: 'the exact ARN', annotation, facts: allows(annotation) },
  { why: 'a star crosses slashes', annotation, facts: allows('arn:aws:iam::111122223333:*cart') },
  {
    why: 'one of several, with spaces around the commas',
    annotation,
    facts: allows(' a ,\n\tarn:aws:iam::111122223333:role/team/* , b')
  },
  {
    why: 'an ARN that is not a role: another rule reports it',
    annotation: 'arn:aws:iam::111122223333:policy/cart',
    facts: allows('')
  },
  { why: 'an array instead of a string is ignored', annotation, facts: allows([]) },
  {
    why: 'a different role',
    annotation,
    facts: allows('arn:aws:iam::111122223333:role/shop/*'),
    message:
      /^namespace shop is not allowed to use role "arn:aws:iam::111122223333:role\/team\/cart": its annotation irsa-guard.io\/allowed-roles allows "arn:aws:iam::111122223333:role\/shop\/\*"$/,
    fix: /^use a role that the annotation allows/
  },
  {
    why: 'a waiver has no effect',
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
    why: 'a prefix is not a glob',
    annotation,
    facts: allows('arn:aws:iam::111122223333:role/team/'),
    message: /is not allowed to use/
  },
  {
    why: 'a bare name, from which an identity webhook can build an ARN',
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
    why: 'unchanged by this request',
    annotation,
    before: annotation,
    facts: allows(''),
    message: /./,
    atAdmission: 'warning'
  }
]
