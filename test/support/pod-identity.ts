import { parseClusterArn } from '../../src/model/cluster-arn.js'
import { type Fact, known, moot } from '../../src/model/fact.js'
import type { PodIdentityQuestion } from '../../src/trust-policy/pod-identity/caller.js'
import { judgePodIdentity, type PodIdentityJudgement } from '../../src/trust-policy/pod-identity/judge.js'
import { accountOf } from './accounts.js'
import type { Case } from './rule-case.js'
import { policy } from './trust.js'

export const clusterArn = 'arn:aws:eks:us-east-1:111122223333:cluster/prod'
export const podsService = 'pods.eks.amazonaws.com'
export const roleArn = 'arn:aws:iam::111122223333:role/team/cart'
export const targetArn = 'arn:aws:iam::444455556666:role/reports'
export const externalId = 'us-east-1/111122223333/prod/shop/cart'
const parsed = parseClusterArn(clusterArn)
if (parsed === undefined) throw new Error('this is the ARN of a cluster')
export const cluster = parsed

/** A statement that lets EKS Pod Identity in, with parts replaced; undefined leaves a part out. */
export const podStatement = (parts: Readonly<Record<string, unknown>> = {}): object => ({
  Effect: 'Allow',
  Principal: { Service: podsService },
  Action: ['sts:AssumeRole', 'sts:TagSession'],
  ...parts
})

/** The keys that limit a statement to shop/cart, with some replaced; undefined leaves a key out. */
export const own = (keys: Readonly<Record<string, unknown>> = {}): object => ({
  StringEquals: {
    'aws:SourceArn': clusterArn,
    'aws:RequestTag/kubernetes-namespace': 'shop',
    'aws:RequestTag/kubernetes-service-account': 'cart',
    ...keys
  }
})

/** A question about shop/cart of the cluster, with parts replaced. */
export const podQuestion = (
  document: unknown,
  parts: Partial<PodIdentityQuestion> = {}
): PodIdentityQuestion => ({ document, clusterArn, namespace: 'shop', serviceAccount: 'cart', ...parts })

/** A question about the target role of shop/cart. */
export const targetQuestion = (
  document: unknown,
  parts: Partial<PodIdentityQuestion> = {}
): PodIdentityQuestion => podQuestion(document, { firstRole: { arn: roleArn }, ...parts })

/** A policy of one statement. */
export const one = (parts: Readonly<Record<string, unknown>> = {}): object => policy(podStatement(parts))
/** A policy of one statement with a condition. */
export const when = (condition: unknown): object => one({ Condition: condition })

export const podTrust = (
  document: unknown,
  parts: Partial<PodIdentityQuestion> = {}
): Fact<PodIdentityJudgement> => known(judgePodIdentity(podQuestion(document, { roleArn, ...parts })))
export const targetTrust = (
  document: unknown,
  parts: Partial<PodIdentityQuestion> = {}
): Fact<PodIdentityJudgement> =>
  known(judgePodIdentity(targetQuestion(document, { roleArn: targetArn, ...parts })))

/** The silent cases that the rules about an association share. */
export const silentAssociationCases: readonly Case[] = [
  {
    why: 'a role that only this association can use',
    object: accountOf(),
    facts: {
      podIdentityTrust: podTrust(when(own())),
      targetTrust: moot('the association has no target role')
    }
  },
  {
    why: 'no association',
    object: accountOf(),
    facts: { podIdentityTrust: moot('no association'), targetTrust: moot('no association') }
  }
]
