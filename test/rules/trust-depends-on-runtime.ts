import type { Case } from '../support/rule-case.js'
import { annotation, asks, host, policy, statement, subject, trustOf } from '../support/trust.js'

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
        policy(statement({ Condition: { ...asks({}), IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }))
      )
    },
    message:
      /^whether role cart admits system:serviceaccount:shop:cart depends on "aws:SourceIp" \(statement 0\)$/,
    fix: /make sure/,
    atAdmission: 'warning'
  },
  {
    why: 'not documented',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { ...asks({}), stringequals: { [`${host}:sub`]: subject } } }))
      )
    },
    message: /depends on behavior that AWS does not document: how IAM treats the spelling stringequals/,
    atAdmission: 'warning'
  },
  {
    why: 'both',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Principal: { AWS: '*' },
            Condition: { ...asks({}), IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }
          })
        )
      )
    },
    message: /depends on "aws:SourceIp" and on behavior that AWS does not document/,
    atAdmission: 'warning'
  }
]
