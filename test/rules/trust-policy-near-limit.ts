import type { Case } from '../support/rule-case.js'
import { annotation, asks, policy, silentTrustCases, statement, subject, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Condition: asks({
              sub: [
                subject,
                ...Array.from({ length: 40 }, (_, i) => `system:serviceaccount:shop:worker-${i}`)
              ]
            })
          })
        )
      )
    },
    message: /has \d+ characters, not counting white space; IAM stores up to 2048 unless/,
    fix: /share the role/,
    atAdmission: 'info'
  },
  {
    why: 'longer than the default quota',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Condition: asks({
              sub: [
                subject,
                ...Array.from({ length: 190 }, (_, i) => `system:serviceaccount:shop:worker-${i}`)
              ]
            })
          })
        )
      )
    },
    message: /IAM stores at most 8192/,
    atAdmission: 'info'
  }
]
