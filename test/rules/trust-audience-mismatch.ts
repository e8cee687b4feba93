import type { Facts } from '../../src/facts/facts.js'
import { defaultIdentityWebhook, withAudience } from '../../src/identity-webhook/settings.js'
import { known } from '../../src/model/fact.js'
import { judgeTrust } from '../../src/trust-policy/judge.js'
import { accountOf, annotated } from '../support/accounts.js'
import type { Case } from '../support/rule-case.js'
import { annotation, asks, host, issuer, policy, question, statement, trustOf } from '../support/trust.js'

const factsOf = (condition: object, { of = issuer, settings = defaultIdentityWebhook } = {}): Facts => ({
  trust: trustOf(policy(statement({ Condition: condition }))),
  issuer: known(of),
  identityWebhook: known(settings)
})
const wrong = asks({ aud: 'sts.amazonaws.com.cn' })
const of = 'https://issuer.example'

/** A right policy, and tokens with another audience. */
const asking = (audience: string): Facts => ({
  ...factsOf(asks({})),
  trust: known(judgeTrust(question(policy(statement()), { audience })))
})

export const cases: readonly Case[] = [
  { why: 'a policy that admits the service account', annotation, facts: factsOf(asks({})) },
  {
    why: 'a different problem, which another rule reports',
    annotation,
    facts: factsOf(asks({ sub: 'system:serviceaccount:a:b' }))
  },
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: factsOf(wrong),
    message:
      /requires a different audience: in its statement 1, StringEquals ".*:aud" requires "sts.amazonaws.com.cn", but the token has "sts.amazonaws.com"$/,
    fix: /eks.amazonaws.com\/audience/
  },
  {
    why: 'outside EKS, the default audience of the identity webhook is not known',
    annotation,
    facts: factsOf(wrong, { of }),
    message:
      /has "sts.amazonaws.com" \(assuming the identity webhook's default settings, because the actual ones could not be read\)$/,
    atAdmission: 'warning'
  },
  {
    why: 'the default audience is configured',
    annotation,
    facts: factsOf(wrong, { of, settings: withAudience(defaultIdentityWebhook, 'sts.amazonaws.com') }),
    message: /has "sts.amazonaws.com"$/
  },
  {
    why: 'the service account is annotated with the audience',
    annotation,
    annotations: { 'eks.amazonaws.com/audience': 'sts.amazonaws.com' },
    facts: factsOf(wrong, { of }),
    message: /has "sts.amazonaws.com"$/
  },
  {
    why: 'an update changes only the audience, and so breaks what worked',
    object: accountOf({ ...annotated, 'eks.amazonaws.com/audience': 'vault' }),
    old: accountOf(annotated),
    facts: asking('vault'),
    message: /but the token has "vault"/,
    severity: 'error'
  },
  {
    why: 'an update changes neither the role nor the audience',
    object: accountOf({ ...annotated, 'eks.amazonaws.com/audience': 'vault', 'team.example/a': 'b' }),
    old: accountOf({ ...annotated, 'eks.amazonaws.com/audience': 'vault' }),
    facts: asking('vault'),
    message: /but the token has "vault"/,
    severity: 'warning'
  },
  {
    why: 'a space at the end of the audience in the annotation',
    annotation,
    annotations: { 'eks.amazonaws.com/audience': 'sts.amazonaws.com ' },
    facts: {
      ...factsOf(asks({})),
      trust: known(judgeTrust(question(policy(statement()), { audience: 'sts.amazonaws.com ' })))
    },
    message: /but the token has "sts.amazonaws.com "/,
    fix: /^remove the spaces from the annotation eks.amazonaws.com\/audience: write "sts.amazonaws.com"$/
  },
  {
    why: 'another capitalization',
    annotation,
    facts: factsOf(asks({ aud: ['x', 'STS.amazonaws.com'] })),
    message: /requires a different audience/,
    fix: /^replace "STS.amazonaws.com" with "sts.amazonaws.com" in that condition$/
  },
  {
    why: 'an audience that the policy excludes',
    annotation,
    facts: factsOf({
      ...asks({ aud: undefined }),
      StringNotEquals: { [`${host}:aud`]: 'sts.amazonaws.com' }
    }),
    message: /StringNotEquals/,
    fix: /^set the annotation eks.amazonaws.com\/audience to an audience that statement 1 does not exclude$/
  }
]
