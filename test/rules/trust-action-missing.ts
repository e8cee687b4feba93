import type { Case } from '../support/rule-case.js'
import { annotation, asks, policy, silentTrustCases, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: { trust: trustOf(policy(statement({ Action: 'sts:AssumeRole' }))) },
    message:
      /^role cart does not allow sts:AssumeRoleWithWebIdentity, which pods call: its statement 1 allows "sts:AssumeRole"$/,
    fix: /add sts:AssumeRoleWithWebIdentity/,
    atAdmission: 'error'
  },
  {
    why: 'no Allow statement',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Effect: 'Deny', Condition: asks({ sub: 'system:serviceaccount:a:b' }) }))
      )
    },
    message: /trusts no principal: its trust policy has no Allow statement/
  },
  {
    why: 'a role that a role of another account assumes',
    annotation,
    facts: {
      trust: trustOf(
        policy({
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::444455556666:role/dns' },
          Action: ['sts:TagSession', 'sts:AssumeRole']
        })
      )
    },
    message:
      /allows "sts:TagSession" or "sts:AssumeRole", for AWS principal "arn:aws:iam::444455556666:role\/dns"$/,
    fix: /^add a statement that allows sts:AssumeRoleWithWebIdentity for arn:/
  },
  {
    why: 'a statement that would admit others with that action',
    annotation,
    facts: {
      trust: trustOf(policy(statement({ Action: 'sts:AssumeRole', Condition: asks({ sub: undefined }) })))
    },
    message: /its statement 1 allows "sts:AssumeRole"$/,
    fix: /^add a statement that allows/
  },
  {
    why: 'an exception for the action',
    annotation,
    facts: {
      trust: trustOf(policy(statement({ Action: undefined, NotAction: 'sts:AssumeRoleWithWebIdentity' })))
    },
    message: /allows everything except "sts:AssumeRoleWithWebIdentity"$/,
    fix: /^add a statement that allows/
  }
]
