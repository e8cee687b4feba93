import { type Fact, known } from '../../src/model/fact.js'
import { judgeTrust, type TrustJudgement, type TrustQuestion } from '../../src/trust-policy/judge.js'
import type { Case } from './rule-case.js'

export const issuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'
export const host = issuer.slice('https://'.length)
export const account = '111122223333'
export const provider = `arn:aws:iam::${account}:oidc-provider/${host}`
export const subject = 'system:serviceaccount:shop:cart'
export const annotation = `arn:aws:iam::${account}:role/team/cart`

/** The condition of a correct policy, with values replaced; undefined omits a key. */
export function asks(wanted: { sub?: unknown; aud?: unknown }): object {
  const { sub, aud } = { sub: subject, aud: 'sts.amazonaws.com', ...wanted }

  return { StringEquals: { [`${host}:sub`]: sub, [`${host}:aud`]: aud } }
}

/** A statement that admits shop/cart, with parts replaced; undefined omits a part. */
export const statement = (parts: Readonly<Record<string, unknown>> = {}): object => ({
  Effect: 'Allow',
  Principal: { Federated: provider },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: asks({}),
  ...parts
})

export const policy = (...statements: readonly unknown[]): object => ({
  Version: '2012-10-17',
  Statement: statements
})

/** A question about shop/cart, with parts replaced. */
export const question = (document: unknown, parts: Partial<TrustQuestion> = {}): TrustQuestion => ({
  document,
  roleAccount: account,
  issuer,
  namespace: 'shop',
  serviceAccount: 'cart',
  audience: 'sts.amazonaws.com',
  ...parts
})

export const trustOf = (document: unknown): Fact<TrustJudgement> => known(judgeTrust(question(document)))

/** Cases shared by the tests of several trust rules, which report nothing for them. */
export const silentTrustCases: readonly Case[] = [
  {
    why: 'a policy that admits the service account',
    annotation,
    facts: { trust: trustOf(policy(statement())) }
  },
  {
    why: 'a different problem, which another rule reports',
    annotation,
    facts: { trust: trustOf(policy(statement({ Condition: asks({ sub: 'system:serviceaccount:a:b' }) }))) }
  }
]
