import { known } from '../../src/model/fact.js'
import { accountOf } from '../support/accounts.js'
import type { Case } from '../support/rule-case.js'

const associated = known({ exists: true as const, since: undefined })

export const cases: readonly Case[] = [
  {
    why: 'the agent runs',
    stage: 'running',
    object: accountOf(),
    facts: { associated, podIdentityAgent: known(true) }
  },
  {
    why: 'no association needs it',
    stage: 'running',
    object: accountOf(),
    facts: { associated: known({ exists: false }), podIdentityAgent: known(false) }
  },
  { why: 'the nodes were not given', stage: 'running', object: accountOf(), facts: { associated } },
  {
    why: 'at admission, where nodes are not seen',
    object: accountOf(),
    facts: { associated, podIdentityAgent: known(false) }
  },
  {
    why: 'no agent',
    stage: 'running',
    object: accountOf(),
    facts: { associated, podIdentityAgent: known(false) },
    message: /no DaemonSet in the cluster runs the EKS Pod Identity Agent/,
    fix: /create-addon --addon-name eks-pod-identity-agent/
  }
]
