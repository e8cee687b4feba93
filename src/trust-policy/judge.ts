import { memoizeLast } from '../text/memoize.js'
import { includesAction } from './action.js'
import { anyoneInValue, type Breadth, breadthOf, isOverPermissive } from './breadth.js'
import { contextOf, type Token } from './context.js'
import { correctionOf } from './correct.js'
import { type Defect, parsePolicyDocument } from './document.js'
import { evaluatePolicy, webIdentityCall } from './evaluate.js'
import { findMiss, type Miss } from './miss.js'
import { namesNamespace } from './names-namespace.js'
import { parsePolicy, type Policy } from './policy.js'
import { providerArnOf } from './provider.js'
import { refusedPart } from './refused.js'

/** One role's trust policy and one service account. */
export interface TrustQuestion {
  /** The policy: an object, a JSON string, or a percent-encoded JSON string. */
  readonly document: unknown
  /** `url`: percent-encoded, as GetRole returns it. If omitted, the encoding is detected. */
  readonly encoding?: 'json' | 'url' | undefined
  /** The role's account ID: 12 digits. */
  readonly roleAccount: string
  /** `aws` by default. */
  readonly partition?: string | undefined
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer: string
  readonly namespace: string
  readonly serviceAccount: string
  /** The audience of the pod's token. */
  readonly audience: string
  /**
   * The current time. If omitted, conditions on the time depend on the request; if given, a deadline in the
   * past can never be met again.
   */
  readonly at?: Date | undefined
}

/**
 * Whether the trust policy lets STS exchange the service account's token, and the details that rules need to
 * explain the result.
 */
export interface TrustJudgement {
  readonly verdict: 'allowed' | 'denied' | 'depends' | 'invalid'
  readonly overPermissive: boolean
  /** Index of the statement, from zero: the Deny or Allow that applies or may apply, or the nearest miss. */
  readonly statement: number | undefined
  /** The condition keys that the result depends on, as written, sorted, each listed once. */
  readonly dependsOn: readonly string[]
  /** Undocumented AWS behavior that the result depends on. */
  readonly undocumented: readonly string[]
  /** Why the policy denies the token or is invalid: only one reason, the first in the order of `Miss`. */
  readonly miss: Miss | undefined
  readonly breadth: readonly Breadth[]
  /**
   * Whether the policy names a service account of the namespace. Determined only if there is a `miss`;
   * otherwise true.
   */
  readonly namesNamespace: boolean
  /** Set if the reason for the denial must not be shown to the users of the namespace. */
  readonly isReasonHidden?: boolean
  /** Whether the role trusts EKS Pod Identity; `also` if it trusts an identity provider as well. */
  readonly podIdentity: 'none' | 'also' | 'only'
  /** False if the service account is known to have no EKS Pod Identity association. */
  readonly hasAssociation?: false
  /**
   * The document's length in characters without white space, as IAM counts it; 0 if `parsePolicyDocument`
   * rejects the document.
   */
  readonly size: number
  /** The values that the policy was judged for. */
  readonly subject: string
  readonly audience: string
  readonly provider: string
}

/**
 * Judges one trust policy for one service account. Synchronous; never throws, even if the document is
 * malformed.
 */
export function judgeTrust(question: TrustQuestion): TrustJudgement {
  return judgeParsed(parseTrustPolicy(question.document, question.encoding), question)
}

/** A parsed trust policy or its first defect, independent of any service account. */
export interface ParsedTrustPolicy {
  readonly policy: Policy | Defect
  readonly value: unknown
  readonly size: number
}

/** Parses a document so that it can be judged for any number of service accounts. Never throws. */
export function parseTrustPolicy(document: unknown, encoding?: 'json' | 'url'): ParsedTrustPolicy {
  const read = parsePolicyDocument(document, encoding)
  if ('reason' in read) return { policy: read, value: undefined, size: 0 }

  return { policy: parsePolicy(read.value), ...read }
}

/** Judges a document's value, as JSON.parse returns it. */
export const judgeValue = (value: unknown, size: number, question: TrustQuestion): TrustJudgement =>
  judgeParsed({ policy: parsePolicy(value), value, size }, question)

/** Judges a document that has already been parsed. */
export function judgeParsed(
  { policy, value, size }: ParsedTrustPolicy,
  question: Omit<TrustQuestion, 'document'>
): TrustJudgement {
  if ('reason' in policy) return invalid(policy, question, value, size)

  const { provider, token } = askedOf(question)
  const context = contextOf(token)
  const { verdict, statement, dependsOn, undocumented } = evaluatePolicy(
    policy,
    webIdentityCall(provider, context)
  )
  const breadth = breadthOf(policy, provider, token, verdict)
  const nearest = verdict === 'denied' ? findMiss(policy, provider, token, context) : undefined
  const refused = refusedPart(policy)
  // The misspelling that IAM rejects is usually also the reason for the denial.
  const isNamed = nearest?.kind === 'condition-key' || nearest?.kind === 'provider'
  const miss: Miss | undefined =
    refused === undefined || isNamed ? nearest : { kind: 'invalid', ...corrected(refused, value, provider) }
  const deciding = miss === undefined ? statement : miss.statement

  return {
    verdict: refused === undefined ? verdict : 'invalid',
    overPermissive: breadth.some(isOverPermissive),
    statement: deciding,
    dependsOn,
    undocumented,
    miss,
    breadth,
    namesNamespace: miss === undefined || namesNamespace(value, question),
    podIdentity: podIdentityOf(policy),
    size,
    subject: token.subject,
    audience: question.audience,
    provider
  }
}

/** The token and the provider that a question is about. */
export function askedOf(question: Omit<TrustQuestion, 'document'>): { provider: string; token: Token } {
  const { issuer, namespace, serviceAccount, audience, roleAccount, partition = 'aws', at } = question
  const { bare, arnIn } = namesOf(issuer)

  const provider = arnIn(partition)(roleAccount)

  return {
    provider,
    token: {
      issuer: bare,
      subject: `system:serviceaccount:${namespace}:${serviceAccount}`,
      audience,
      roleAccount,
      provider,
      at
    }
  }
}

/**
 * The forms in which policies name an issuer. A cluster has one issuer, and roles of the same account are usually
 * judged one after the other, so it is usually enough to cache the last result.
 */
const namesOf = memoizeLast((issuer: string) => {
  const bare = issuer.replace(/^https:\/\//, '')

  return {
    bare,
    arnIn: memoizeLast((partition: string) =>
      memoizeLast((account: string) => providerArnOf(partition, account, bare))
    )
  }
})

function corrected(defect: Defect, value: unknown, provider: string): Defect {
  const correction = correctionOf(defect, value, provider)?.advice

  return correction === undefined ? defect : { ...defect, correction }
}

function invalid(
  defect: Defect,
  question: Omit<TrustQuestion, 'document'>,
  value: unknown,
  size: number
): TrustJudgement {
  const breadth = anyoneInValue(value)
  const { provider, token } = askedOf(question)

  return {
    verdict: 'invalid',
    overPermissive: breadth.some(isOverPermissive),
    statement: defect.statement,
    dependsOn: [],
    undocumented: [],
    miss: { kind: 'invalid', ...corrected(defect, value, provider) },
    breadth,
    namesNamespace: namesNamespace(value, question),
    podIdentity: 'none',
    size,
    subject: token.subject,
    audience: question.audience,
    provider
  }
}

/**
 * Whether a policy lets EKS Pod Identity assume the role:
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
 */
function podIdentityOf({ statements }: Policy): TrustJudgement['podIdentity'] {
  const allows = statements.filter(({ effect }) => effect === 'Allow')
  const isTrusted = allows.some(
    ({ principals, actions }) =>
      principals.some(({ type, value }) => type === 'Service' && value === 'pods.eks.amazonaws.com') &&
      includesAction(actions, 'sts:AssumeRole')
  )
  if (!isTrusted) return 'none'

  return allows.some(({ principals }) => principals.some(({ type }) => type === 'Federated'))
    ? 'also'
    : 'only'
}
