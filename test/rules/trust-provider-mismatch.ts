import type { Case } from '../support/rule-case.js'
import { annotation, policy, provider, silentTrustCases, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: { trust: trustOf(policy(statement({ Principal: { Federated: `${provider}/` } }))) },
    message:
      /statement 1 of its trust policy names "arn.*EXAMPLE\/" \(it has a trailing slash\); expected "arn.*EXAMPLE"$/,
    fix: /write "Principal"/,
    atAdmission: 'error'
  },
  {
    why: 'a spelling in a statement that limits nobody',
    annotation,
    facts: {
      trust: trustOf(policy(statement({ Principal: { Federated: `${provider}/` }, Condition: undefined })))
    },
    message: /trailing slash\)/,
    fix: /^write "Principal".* in statement 1, .*, and add StringEquals on ".*:sub" with "system:serviceaccount:shop:cart"$/
  },
  {
    why: 'two ARNs in one string',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/x.example,${provider}` }
          })
        )
      )
    },
    message: /it contains several ARNs; write them as a list\)/,
    fix: /^write "Principal": \{"Federated": ".*"\} in statement 1, or list each ARN as a separate string$/
  }
]
