import { accountOf } from '../support/accounts.js'
import {
  externalId,
  one,
  own,
  podStatement,
  roleArn,
  silentAssociationCases,
  targetTrust
} from '../support/pod-identity.js'
import type { Case } from '../support/rule-case.js'
import { policy } from '../support/trust.js'

const object = accountOf()

export const cases: readonly Case[] = [
  ...silentAssociationCases,

  {
    why: 'a target role that trusts the first role',
    object,
    facts: { targetTrust: targetTrust(one({ Principal: { AWS: roleArn } })) }
  },
  {
    why: 'the problem that the rule reports',
    object,
    facts: { targetTrust: targetTrust(one()) },
    message:
      /^target role reports does not admit arn:aws:iam::111122223333:role\/team\/cart, the role of service account shop\/cart in cluster prod: no statement names that role or its account; its statement 1 trusts "pods.eks.amazonaws.com": the target role is assumed by the first role, not by the service$/,
    fix: /^add a statement that allows sts:AssumeRole and sts:TagSession for arn:aws:iam::111122223333:role\/team\/cart, .*"aws:RequestTag\/eks-cluster-arn".* or give the association a different target role$/,
    severity: 'warning'
  },
  {
    why: 'no Allow, in a manifest',
    object,
    stage: 'source',
    facts: { targetTrust: targetTrust(one({ Effect: 'Deny', Principal: { Service: 'ec2.amazonaws.com' } })) },
    message: /: its trust policy has no Allow statement$/,
    severity: 'error'
  },
  {
    why: 'a document that IAM refuses',
    object,
    facts: { targetTrust: targetTrust('{') },
    message: /: IAM would reject its trust policy: the document: it is not valid JSON$/,
    fix: /^correct the document and update the policy$/,
    severity: 'warning'
  },
  {
    why: 'a resource',
    object,
    facts: { targetTrust: targetTrust(one({ Resource: '*' })) },
    message: /Statement\[0\]\.Resource: a trust policy cannot name resources/,
    fix: /^remove Statement\[0\]\.Resource/,
    severity: 'warning'
  },
  {
    why: 'a Deny',
    object,
    facts: {
      targetTrust: targetTrust(
        policy(
          podStatement({ Principal: { AWS: roleArn } }),
          podStatement({ Effect: 'Deny', Principal: { AWS: '*' } })
        )
      )
    },
    message: /: the Deny in its statement 2 applies to sts:AssumeRole$/,
    fix: /^exempt the role from that Deny/,
    severity: 'warning'
  },
  {
    why: 'a missing action',
    object,
    facts: { targetTrust: targetTrust(one({ Principal: { AWS: roleArn }, Action: 'sts:AssumeRole' })) },
    message: /: its statement 1 does not allow sts:TagSession; it allows "sts:AssumeRole"$/,
    fix: /^add a statement/,
    severity: 'warning'
  },
  {
    why: 'a missing action, for this association alone',
    object,
    facts: {
      targetTrust: targetTrust(
        one({
          Principal: { AWS: roleArn },
          Action: 'sts:AssumeRole',
          Condition: own({
            'aws:SourceArn': undefined,
            'aws:RequestTag/eks-cluster-name': 'prod',
            'aws:PrincipalTag/eks-cluster-arn': 'arn:aws:eks:us-east-1:111122223333:cluster/prod'
          })
        })
      )
    },
    message: /does not allow sts:TagSession/,
    fix: /^add sts:TagSession to the Action of statement 1$/,
    severity: 'warning'
  },
  {
    why: 'another external ID',
    object,
    facts: {
      targetTrust: targetTrust(
        one({ Principal: { AWS: roleArn }, Condition: { StringEquals: { 'sts:ExternalId': 'x' } } }),
        { sessionTags: false }
      )
    },
    message: new RegExp(`"sts:ExternalId" requires "x", but EKS sends "${externalId}"$`),
    fix: /^give the association a different target role, or add a statement .* limited by StringEquals to "sts:ExternalId"/,
    severity: 'warning'
  }
]
