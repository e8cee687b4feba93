import { accountOf } from '../support/accounts.js'
import { one, podTrust, silentAssociationCases, targetTrust, when } from '../support/pod-identity.js'
import type { Case } from '../support/rule-case.js'

const object = accountOf()

export const cases: readonly Case[] = [
  ...silentAssociationCases,

  {
    why: 'the problem that the rule reports',
    object,
    facts: { podIdentityTrust: podTrust(one()) },
    message:
      /^every association in AWS account 111122223333 can use role cart: its statement 1 limits neither the cluster nor the namespace$/,
    fix: /^require StringEquals "aws:SourceArn" "arn:aws:eks:us-east-1:111122223333:cluster\/prod", or "aws:RequestTag\/kubernetes-namespace" "shop", in the statement that allows sts:AssumeRole$/,
    severity: 'info'
  },
  {
    why: 'a limit that disabled tags evade, in a manifest',
    object,
    stage: 'source',
    facts: {
      podIdentityTrust: podTrust(
        when({ StringEqualsIfExists: { 'aws:RequestTag/kubernetes-namespace': 'shop' } })
      )
    },
    message: /^every association that disables session tags in AWS account 111122223333/,
    severity: 'warning'
  },
  {
    why: 'a target role that trusts an account',
    object,
    facts: { targetTrust: targetTrust(one({ Principal: { AWS: '111122223333' } })) },
    message:
      /^every role of AWS account 111122223333 that may call sts:AssumeRole can use target role reports/,
    fix: /^trust only the role of the association: "Principal": \{"AWS": "arn:aws:iam::111122223333:role\/team\/cart"\}/,
    severity: 'info'
  }
]
