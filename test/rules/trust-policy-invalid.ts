import { accountOf } from '../support/accounts.js'
import { podTrust } from '../support/pod-identity.js'
import type { Case } from '../support/rule-case.js'
import { annotation, silentTrustCases, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: { trust: trustOf({ Statement: [{ ...statement(), Resource: '*' }] }) },
    message:
      /IAM would reject the trust policy of role cart: Statement\[0\]\.Resource: a trust policy cannot name resources/,
    fix: /^remove Statement\[0\]\.Resource; a trust policy always applies to its own role$/,
    atAdmission: 'warning'
  },
  {
    why: 'the document as a whole',
    annotation,
    facts: { trust: trustOf('[') },
    message: /the document: it is not valid JSON/,
    atAdmission: 'warning'
  },
  {
    why: "an association's role",
    object: accountOf(),
    facts: { podIdentityTrust: podTrust('{') },
    message: /^IAM would reject the trust policy of role cart: the document: it is not valid JSON$/,
    severity: 'warning',
    field: 'metadata.name'
  },
  {
    why: 'both chains',
    annotation,
    facts: { trust: trustOf('['), podIdentityTrust: podTrust('{') },
    message: /./,
    atAdmission: 'warning',
    count: 2
  }
]
