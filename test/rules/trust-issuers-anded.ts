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
            Condition: {
              StringEquals: {
                [`${host}:sub`]: subject,
                'oidc.eks.eu-west-1.amazonaws.com/id/OTHER:sub': subject
              }
            }
          })
        )
      )
    },
    message: /two issuers at once.*region and ID differ; all conditions in a statement must match/,
    fix: /a separate statement for each cluster/,
    atAdmission: 'error'
  }
]
