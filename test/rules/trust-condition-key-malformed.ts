import type { Case } from '../support/rule-case.js'
import {
  annotation,
  host,
  policy,
  provider,
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
        policy(
          statement({
            Condition: { StringEquals: { [`https://${host}:sub`]: subject, [`${host}:aud`]: 'other' } }
          })
        )
      )
    },
    message:
      /has "https:.*:sub": it has a scheme; also StringEquals ".*:aud" requires "other", but the token has "sts.amazonaws.com"$/,
    fix: /write the key "oidc/,
    atAdmission: 'error'
  },
  {
    why: 'an audience under the key of the subject: without it, the statement would admit everybody',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { StringEquals: { [`${host}:sub`]: 'sts.amazonaws.com' } } }))
      )
    },
    message:
      /^role cart has a value under the wrong condition key: in its statement 1, StringEquals ".*:sub" requires "sts.amazonaws.com", but the token has "system:serviceaccount:shop:cart": its value is the audience of a token, not a subject$/,
    fix: /^write the key ".*:aud", and add ".*:sub" with "system:serviceaccount:shop:cart" under StringEquals to the same statement$/
  },
  {
    why: 'subject and audience swapped',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Condition: { StringEquals: { [`${host}:sub`]: 'sts.amazonaws.com', [`${host}:aud`]: subject } }
          })
        )
      )
    },
    message: /; also StringEquals ".*:aud"/,
    fix: /^write the keys ".*:aud" and ".*:sub"$/
  },
  {
    why: 'a pattern under a wrong key, which would admit everybody under the right one',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Condition: { StringLike: { [`${host}/:sub`]: 'system:serviceaccount:*' } } }))
      )
    },
    message: /it has a slash before the colon$/,
    fix: /^write the key ".*:sub", and add ".*:sub" with "system:serviceaccount:shop:cart" under StringEquals and/
  },
  {
    why: 'the key of another cluster, whose provider the statement trusts as well',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Principal: { Federated: [provider, 'arn:aws:iam::111122223333:oidc-provider/x.example'] },
            Condition: { StringEquals: { 'x.example:sub': subject } }
          })
        )
      )
    },
    message: /the host differs$/,
    fix: /^add a statement that allows/
  },
  {
    why: 'a key that is there already',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({ Condition: { StringEquals: { [`${host}/:sub`]: subject, [`${host}:sub`]: subject } } })
        )
      )
    },
    message: /it has a slash before the colon$/,
    fix: /^add a statement that allows/
  }
]
