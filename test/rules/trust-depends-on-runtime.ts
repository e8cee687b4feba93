import { accountOf } from '../support/accounts.js'
import { externalId, one, podTrust, roleArn, targetTrust, when } from '../support/pod-identity.js'
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
      /^role cart might not admit system:serviceaccount:shop:cart: the result depends on "aws:SourceIp" \(statement 1\)$/,
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
  },
  {
    why: "an association's role",
    object: accountOf(),
    facts: { podIdentityTrust: podTrust(when({ StringEquals: { 'aws:SourceOrgID': 'o-1' } })) },
    message:
      /^role cart might not admit EKS Pod Identity for service account shop\/cart in cluster prod: the result depends on "aws:SourceOrgID" \(statement 1\)$/,
    fix: /^make sure that the requests from EKS meet that condition$/,
    severity: 'warning'
  },
  {
    why: 'sts:TagSession, for an association that disables session tags',
    object: accountOf(),
    facts: { podIdentityTrust: podTrust(one({ Action: 'sts:AssumeRole' }), { sessionTags: false }) },
    message: /behavior that AWS does not document: whether EKS needs sts:TagSession/,
    fix: /^allow sts:TagSession as well/,
    severity: 'warning'
  },
  {
    why: 'an external ID in one statement with sts:TagSession',
    object: accountOf(),
    facts: {
      targetTrust: targetTrust(
        one({ Principal: { AWS: roleArn }, Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
        { sessionTags: false }
      )
    },
    message: /depends on "sts:ExternalId" and on behavior/,
    fix: /^allow sts:TagSession in a statement of its own, without "sts:ExternalId"/,
    severity: 'warning'
  },
  {
    why: "the first role's own tags, for both actions",
    object: accountOf(),
    facts: {
      targetTrust: targetTrust(
        one({ Principal: { AWS: roleArn }, Condition: { StringEquals: { 'aws:PrincipalTag/team': 'x' } } }),
        { sessionTags: false }
      )
    },
    message: /depends on "aws:PrincipalTag\/team" and on behavior/,
    fix: /^make sure that the requests from EKS meet that condition, for sts:TagSession as well$/,
    severity: 'warning'
  },
  {
    why: 'a target role',
    object: accountOf(),
    facts: {
      targetTrust: targetTrust(
        one({ Principal: { AWS: roleArn }, Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } })
      )
    },
    message: /^target role reports might not admit/,
    severity: 'warning'
  }
]
