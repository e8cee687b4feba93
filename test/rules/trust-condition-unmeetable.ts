import type { Case } from '../support/rule-case.js'
import { annotation, asks, policy, statement, trustOf } from '../support/trust.js'

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
        policy(statement({ Condition: { ...asks({}), Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }))
      )
    },
    message: /Bool "aws:MultiFactorAuthPresent" requires "true", but the request has no such key/,
    fix: /remove that condition/,
    atAdmission: 'error'
  },
  {
    why: 'what is there and never so',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { ...asks({}), Null: { 'sts:RoleSessionName': 'true' } } }))
      )
    },
    message: /Null "sts:RoleSessionName" requires "true", which no request satisfies$/
  },
  {
    why: 'a value of the request',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { ...asks({}), Bool: { 'aws:SecureTransport': 'false' } } }))
      )
    },
    message: /Bool "aws:SecureTransport" requires "false", but the request has "true"$/
  }
]
