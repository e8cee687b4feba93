import { accountOf } from '../support/accounts.js'
import { one, own, podTrust, silentAssociationCases } from '../support/pod-identity.js'
import type { Case } from '../support/rule-case.js'

const object = accountOf()

export const cases: readonly Case[] = [
  ...silentAssociationCases,

  {
    why: 'the problem that the rule reports',
    object,
    facts: { podIdentityTrust: podTrust(one({ Action: 'sts:AssumeRole' })) },
    message:
      /^role cart does not allow sts:TagSession for EKS Pod Identity for service account shop\/cart in cluster prod, which needs both sts:AssumeRole and sts:TagSession: its statement 1 allows "sts:AssumeRole"$/,
    fix: /^add a statement .*; adding sts:TagSession to statement 1 would also admit all other associations that it does not exclude$/,
    severity: 'warning'
  },
  {
    why: 'a statement for this association alone',
    object,
    facts: { podIdentityTrust: podTrust(one({ Action: 'sts:AssumeRole', Condition: own() })) },
    message: /does not allow sts:TagSession/,
    fix: /^add sts:TagSession to the Action of statement 1$/,
    severity: 'warning'
  },
  {
    why: 'neither action, in a manifest',
    object,
    stage: 'source',
    facts: { podIdentityTrust: podTrust(one({ Action: undefined, NotAction: 'sts:*' })) },
    message: /does not allow sts:AssumeRole and sts:TagSession .* allows everything except "sts:\*"$/,
    severity: 'error'
  }
]
