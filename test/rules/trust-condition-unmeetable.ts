import type { Case } from '../support/rule-case.js'
import { annotation, asks, host, policy, silentTrustCases, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { ...asks({}), Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }))
      )
    },
    message: /Bool "aws:MultiFactorAuthPresent" requires "true", but the request has no such key/,
    fix: /remove that condition/,
    atAdmission: 'error'
  },
  {
    why: 'a key that is present but never has this value',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { ...asks({}), Null: { 'sts:RoleSessionName': 'true' } } }))
      )
    },
    message: /Null "sts:RoleSessionName" requires "true", which no request satisfies$/
  },
  {
    why: 'a known value of the request',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { ...asks({}), Bool: { 'aws:SecureTransport': 'false' } } }))
      )
    },
    message: /Bool "aws:SecureTransport" requires "false", but the request has "true"$/
  },
  {
    why: 'the only limit of the statement',
    annotation,
    facts: {
      trust: trustOf(policy(statement({ Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } })))
    },
    message: /"aws:PrincipalOrgID" requires "o-1"/,
    fix: /^replace that condition with StringEquals on ".*:sub" with "system:serviceaccount:shop:cart"$/
  },
  {
    why: 'a limit beside one that everybody meets',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Condition: {
              StringEquals: { 'sts:ExternalId': 'x' },
              StringLike: { [`${host}:sub`]: 'system:serviceaccount:*' }
            }
          })
        )
      )
    },
    message: /"sts:ExternalId"/,
    fix: /^replace that condition with StringEquals/
  }
]
