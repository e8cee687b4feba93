import type { Case } from '../support/rule-case.js'
import { annotation, asks, host, policy, silentTrustCases, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: { trust: trustOf(policy(statement({ Condition: asks({ sub: undefined }) }))) },
    message:
      /every service account in the cluster can assume role cart: its statement 1 has no condition on :sub/,
    fix: /add a StringEquals condition/,
    atAdmission: 'warning'
  },
  {
    why: 'only excludes subjects',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Condition: { StringNotEquals: { [`${host}:sub`]: 'system:serviceaccount:kube-system:x' } }
          })
        )
      )
    },
    message: /only excludes some subjects/,
    atAdmission: 'warning'
  }
]
