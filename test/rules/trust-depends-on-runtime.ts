import type { Case } from '../support/rule-case.js'
import {
  annotation,
  asks,
  host,
  policy,
  silentTrustCases,
  statement,
  subject,
  trustOf
} from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { ...asks({}), IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }))
      )
    },
    message:
      /^role cart might not admit system:serviceaccount:shop:cart: the result depends on "aws:SourceIp" \(statement 0\)$/,
    fix: /^make sure that requests from the pods meet that condition$/,
    atAdmission: 'warning'
  },
  {
    why: 'behavior that AWS does not document',
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
    why: 'a key and undocumented behavior',
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
