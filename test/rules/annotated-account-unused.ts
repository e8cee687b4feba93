import { known } from '../../src/model/fact.js'
import { accountOf, annotated, identityWebhook } from '../support/accounts.js'
import type { Case } from '../support/rule-case.js'

const beside = (asAccount: string[], asDefault: string[]) => ({
  identityWebhook,
  neighbours: known({ asAccount, asDefault, ownRoles: new Set<string>() })
})

export const cases: readonly Case[] = [
  {
    why: 'a workload uses it',
    stage: 'source',
    object: accountOf(annotated),
    facts: beside(['deployment shop/cart'], ['deployment shop/web'])
  },
  {
    why: 'no workload among the given objects uses it',
    stage: 'source',
    object: accountOf(annotated),
    facts: beside([], ['deployment shop/cart']),
    message:
      /no workload among the given objects uses service account cart, but deployment shop\/cart in the same namespace runs as default/
  },
  {
    why: 'several workloads run as default',
    stage: 'running',
    object: accountOf(annotated),
    facts: beside([], ['pod shop/a', 'pod shop/b', 'pod shop/c']),
    message: /pod shop\/a and 2 more in the same namespace/
  },
  { why: 'no workloads at all', stage: 'source', object: accountOf(annotated), facts: beside([], []) },
  {
    why: 'no role requested',
    stage: 'source',
    object: accountOf(),
    facts: beside([], ['deployment shop/cart'])
  },
  {
    why: 'the default service account',
    stage: 'source',
    object: accountOf(annotated, 'default'),
    facts: beside([], ['deployment shop/cart'])
  },
  { why: 'never at admission', object: accountOf(annotated), facts: beside([], ['deployment shop/cart']) }
]
