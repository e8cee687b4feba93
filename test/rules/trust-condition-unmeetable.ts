import { accountOf } from '../support/accounts.js'
import { own, podTrust, when } from '../support/pod-identity.js'
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
  },
  {
    why: 'a misspelled key of AWS, which may also be a new one',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { ...asks({}), IpAddress: { 'aws:SourceIPs': '192.0.2.0/24' } } }))
      )
    },
    message:
      /IpAddress "aws:SourceIPs" requires "192.0.2.0\/24", but the request has no such key: AWS does not document this key$/,
    fix: /^write the key "aws:sourceip"$/,
    atAdmission: 'warning'
  },
  {
    why: 'the same as the only limit',
    annotation,
    facts: {
      trust: trustOf(policy(statement({ Condition: { StringLike: { 'aws:RequestTags/team': 'shop' } } })))
    },
    message: /AWS does not document this key$/,
    fix: /^write the key "aws:requesttag\/team", and add StringEquals on ".*:sub"/,
    atAdmission: 'warning'
  },
  {
    why: 'a misspelled key beside another condition that fails',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Condition: { ...asks({}), StringLike: { 'aws:SourceVpces': 'vpce-1', 'sts:ExternalId': 'x' } }
          })
        )
      )
    },
    message: /also StringLike "sts:ExternalId"/,
    fix: /^remove that condition from statement 1/,
    atAdmission: 'error'
  },
  {
    why: "an association's role",
    object: accountOf(),
    facts: { podIdentityTrust: podTrust(when({ StringEquals: { 'sts:ExternalId': 'x' } })) },
    message:
      /^role cart requires something of EKS Pod Identity for service account shop\/cart in cluster prod that EKS cannot provide: in its statement 1, StringEquals "sts:ExternalId" requires "x", but EKS sends no such key$/,
    fix: /^give the association a different role, or add a statement/,
    severity: 'warning'
  },
  {
    why: 'a statement for the association alone',
    object: accountOf(),
    facts: { podIdentityTrust: podTrust(when(own({ 'sts:ExternalId': 'x' }))) },
    message: /"sts:ExternalId"/,
    fix: /^remove that condition from statement 1, whose other conditions admit only this association$/,
    severity: 'warning'
  }
]
