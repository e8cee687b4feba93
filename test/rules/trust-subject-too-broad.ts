import type { Case } from '../support/rule-case.js'
import { annotation, asks, host, policy, silentTrustCases, statement, trustOf } from '../support/trust.js'

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
              StringLike: { [`${host}:sub`]: 'system:serviceaccount:shop-*:cart' },
              ...asks({ sub: undefined })
            }
          })
        )
      )
    },
    message:
      /service accounts in other namespaces through "system:serviceaccount:shop-\*:cart" in its statement 1, for example system:serviceaccount:shop-x:cart/,
    fix: /exact subjects/,
    atAdmission: 'warning'
  },
  {
    why: 'everyone',
    annotation,
    facts: { trust: trustOf(policy(statement(), statement({ Principal: { AWS: '*' } }))) },
    message: /allows everyone as a principal in its statement 2/,
    atAdmission: 'warning'
  },
  {
    why: 'any OIDC provider',
    annotation,
    facts: { trust: trustOf(policy(statement(), statement({ Principal: { Federated: '*' } }))) },
    message: /allows any OIDC provider as a principal/,
    atAdmission: 'warning'
  },
  {
    why: 'a wildcard inside the namespace',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Condition: {
              StringLike: { [`${host}:sub`]: 'system:serviceaccount:shop:*' },
              ...asks({ sub: undefined })
            }
          })
        )
      )
    },
    message: /every matching service account in its namespace/,
    atAdmission: 'warning'
  },
  {
    why: 'a variable that limits nothing',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { StringEquals: { [`${host}:sub`]: `\${${host}:sub}` } } }))
      )
    },
    message: /other namespaces through/,
    atAdmission: 'warning'
  },
  {
    why: 'a pattern that does not admit the service account, which should not get in by the fix',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Condition: {
              StringLike: { [`${host}:sub`]: 'system:serviceaccount:prod-*:web' },
              ...asks({ sub: undefined })
            }
          })
        )
      )
    },
    message: /through "system:serviceaccount:prod-\*:web"/,
    fix: /^list the exact subjects with StringEquals$/,
    atAdmission: 'warning'
  }
]
