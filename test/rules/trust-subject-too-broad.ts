import type { Case } from '../support/rule-case.js'
import { annotation, asks, host, policy, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  { why: 'a policy that lets it in', annotation, facts: { trust: trustOf(policy(statement())) } },
  {
    why: 'another mistake: another rule speaks',
    annotation,
    facts: { trust: trustOf(policy(statement({ Condition: asks({ sub: 'system:serviceaccount:a:b' }) }))) }
  },
  {
    why: 'the mistake',
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
      /service accounts of other namespaces by "system:serviceaccount:shop-\*:cart" in its statement 0, for example system:serviceaccount:shop-x:cart/,
    fix: /exact subjects/,
    atAdmission: 'warning'
  },
  {
    why: 'everyone',
    annotation,
    facts: { trust: trustOf(policy(statement(), statement({ Principal: { AWS: '*' } }))) },
    message: /has everyone as a principal in its statement 1/,
    atAdmission: 'warning'
  },
  {
    why: 'any provider',
    annotation,
    facts: { trust: trustOf(policy(statement(), statement({ Principal: { Federated: '*' } }))) },
    message: /has any OIDC provider as a principal/,
    atAdmission: 'warning'
  },
  {
    why: 'inside the namespace',
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
    message: /every matching service account of its namespace/,
    atAdmission: 'warning'
  },
  {
    why: 'a variable that says nothing',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { StringEquals: { [`${host}:sub`]: `\${${host}:sub}` } } }))
      )
    },
    message: /other namespaces by/,
    atAdmission: 'warning'
  }
]
