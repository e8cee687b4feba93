import type { Case } from '../support/rule-case.js'
import { annotation, host, policy, silentTrustCases, statement, subject, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Condition: { StringEquals: { [`https://${host}:sub`]: subject, [`${host}:aud`]: 'other' } }
          })
        )
      )
    },
    message:
      /has "https:.*:sub": it has a scheme; also StringEquals ".*:aud" requires "other", but the token has "sts.amazonaws.com"$/,
    fix: /write the key "oidc/,
    atAdmission: 'error'
  }
]
