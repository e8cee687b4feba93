import { known, unknown } from '../../src/model/fact.js'
import { accountFacts, deploymentOf, podOf } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const missing = { ...accountFacts(), account: known({ exists: false as const }) }

export const cases: readonly Case[] = [
  { why: 'exists', object: deploymentOf(), facts: accountFacts() },
  {
    why: 'missing',
    object: deploymentOf(),
    facts: missing,
    field: 'spec.template.spec.serviceAccountName',
    message: /service account shop\/cart does not exist/
  },
  {
    why: 'missing for a pod',
    object: podOf({ serviceAccountName: undefined, serviceAccount: 'old-name' }),
    facts: missing,
    field: 'spec.serviceAccountName',
    message: /shop\/old-name/
  },
  {
    why: 'default is created automatically',
    object: podOf({ serviceAccountName: undefined }),
    facts: missing
  },
  { why: 'not known', object: podOf(), facts: { account: unknown('not among the given objects') } }
]
