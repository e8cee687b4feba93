import { accountOf } from '../support/accounts.js'
import { one, own, podTrust, silentAssociationCases, when } from '../support/pod-identity.js'
import type { Case } from '../support/rule-case.js'

const object = accountOf()

export const cases: readonly Case[] = [
  ...silentAssociationCases,

  {
    why: 'a different problem, which another rule reports',
    object,
    facts: { podIdentityTrust: podTrust(when(own({ 'aws:SourceArn': 'x' }))) }
  },
  {
    why: 'the problem that the rule reports',
    object,
    facts: { podIdentityTrust: podTrust(one({ Principal: { Service: 'eks.amazonaws.com' } })) },
    message:
      /^role cart does not trust EKS Pod Identity for service account shop\/cart in cluster prod: no statement has the principal \{"Service": "pods.eks.amazonaws.com"\}; its statement 1 trusts "eks.amazonaws.com": it is another service of EKS$/,
    fix: /^add a statement that allows sts:AssumeRole and sts:TagSession for pods.eks.amazonaws.com, limited by StringEquals to "aws:SourceArn" "arn:aws:eks:us-east-1:111122223333:cluster\/prod", "aws:RequestTag\/kubernetes-namespace" "shop" and/,
    severity: 'warning',
    field: 'metadata.name'
  },
  {
    why: 'without session tags, which alone tell associations apart',
    object,
    facts: {
      podIdentityTrust: podTrust(one({ Principal: { Service: 'ec2.amazonaws.com' } }), { sessionTags: false })
    },
    message: /./,
    fix: /to "aws:SourceArn" "[^"]*", which admits every association of that cluster, because only session tags tell them apart, or give/,
    severity: 'warning'
  },
  {
    why: 'in a manifest',
    object,
    stage: 'source',
    facts: { podIdentityTrust: podTrust(one({ Principal: { Service: 'ec2.amazonaws.com' } })) },
    message: /./,
    severity: 'error'
  },
  {
    why: 'a misspelling',
    object,
    facts: { podIdentityTrust: podTrust(one({ Principal: { Service: 'pod.eks.amazonaws.com' } })) },
    message: /trusts "pod.eks.amazonaws.com": it is misspelled/,
    fix: /^write "Principal": \{"Service": "pods.eks.amazonaws.com"\} in statement 1$/,
    severity: 'warning'
  },
  {
    why: 'only a Deny',
    object,
    facts: {
      podIdentityTrust: podTrust(one({ Effect: 'Deny', Principal: { Service: 'ec2.amazonaws.com' } }))
    },
    message: /its trust policy has no Allow statement$/,
    severity: 'warning'
  },
  {
    why: 'a principal that is not known',
    object,
    facts: { podIdentityTrust: podTrust(one({ Principal: { AWS: '111122223333' } })) },
    message: /trusts "111122223333"$/,
    severity: 'warning'
  }
]
