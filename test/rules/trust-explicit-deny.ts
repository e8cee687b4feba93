import { accountOf } from '../support/accounts.js'
import { podStatement, podTrust } from '../support/pod-identity.js'
import type { Case } from '../support/rule-case.js'
import { annotation, host, policy, silentTrustCases, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement(),
          statement({ Effect: 'Deny', Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } } })
        )
      )
    },
    message:
      /^role cart rejects system:serviceaccount:shop:cart: the Deny in its statement 2 applies, because "aws:PrincipalOrgID" is missing from the request \(StringNotEquals "o-1"\)$/,
    fix: /^point the annotation at another role; if this service account should have role cart, exempt it from that Deny$/,
    atAdmission: 'error'
  },
  {
    why: 'a Deny with no conditions',
    annotation,
    facts: { trust: trustOf(policy(statement(), statement({ Effect: 'Deny', Condition: undefined }))) },
    message: /the Deny in its statement 2 applies$/
  },
  {
    why: 'a key that the token has',
    annotation,
    facts: { trust: trustOf(policy(statement(), statement({ Effect: 'Deny' }))) },
    message: /:sub" is "system:serviceaccount:shop:cart" \(StringEquals/
  },
  {
    why: 'a key that every request has',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement(),
          statement({ Effect: 'Deny', Condition: { StringLike: { 'sts:RoleSessionName': '*' } } })
        )
      )
    },
    message: /because "sts:RoleSessionName" matches with any value \(StringLike "\*"\)$/
  },
  {
    why: 'a list of the ones it spares',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement(),
          statement({
            Effect: 'Deny',
            Condition: { StringNotEquals: { [`${host}:sub`]: 'system:serviceaccount:shop:web' } }
          })
        )
      )
    },
    message: /StringNotEquals/,
    fix: /^add "system:serviceaccount:shop:cart" to the values of StringNotEquals in that Deny, or point/
  },
  {
    why: 'a misspelled key of AWS, which may also be a new one',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement(),
          statement({ Effect: 'Deny', Condition: { StringNotEquals: { 'aws:SourceVpces': 'vpce-1' } } })
        )
      )
    },
    message: /"aws:SourceVpces" is missing from the request/,
    atAdmission: 'warning'
  },
  {
    why: "an association's role",
    object: accountOf(),
    facts: {
      podIdentityTrust: podTrust(
        policy(
          podStatement(),
          podStatement({ Effect: 'Deny', Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } } })
        )
      )
    },
    message:
      /^role cart rejects EKS Pod Identity for service account shop\/cart in cluster prod: the Deny in its statement 2 applies to sts:AssumeRole, because "aws:PrincipalOrgID" is missing from the request/,
    fix: /^exempt AWS services from that Deny/,
    severity: 'warning'
  },
  {
    why: "a Deny for everyone, for an association's role",
    object: accountOf(),
    facts: { podIdentityTrust: podTrust(policy(podStatement(), podStatement({ Effect: 'Deny' }))) },
    message: /applies to sts:AssumeRole$/,
    fix: /^exempt the association from that Deny, or give it a different role$/,
    severity: 'warning'
  }
]
