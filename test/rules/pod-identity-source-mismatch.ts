import { accountOf } from '../support/accounts.js'
import { own, podTrust, silentAssociationCases, when } from '../support/pod-identity.js'
import type { Case } from '../support/rule-case.js'

const object = accountOf()

export const cases: readonly Case[] = [
  ...silentAssociationCases,

  {
    why: 'the problem that the rule reports',
    object,
    facts: {
      podIdentityTrust: podTrust(
        when({
          StringEquals: {
            'aws:SourceArn': 'arn:aws:eks:us-east-1:111122223333:podidentityassociation/prod/a-1'
          }
        })
      )
    },
    message:
      /but EKS sends "arn:aws:eks:us-east-1:111122223333:cluster\/prod": the condition names the ARN of an association, not of the cluster$/,
    fix: /^write "arn:aws:eks:us-east-1:111122223333:cluster\/prod" in that condition; to limit the statement to this association, require/,
    severity: 'warning'
  },
  {
    why: 'another account',
    object,
    stage: 'source',
    facts: { podIdentityTrust: podTrust(when(own({ 'aws:SourceAccount': '444455556666' }))) },
    message:
      /"aws:SourceAccount" requires "444455556666", but EKS sends "111122223333": the AWS account differs$/,
    severity: 'error'
  }
]
