import { memoizeLast } from '../text/memoize.js'
import { anyoneInValue, type Breadth, breadthOf, isOverPermissive } from './breadth.js'
import { contextOf, type Token } from './context.js'
import { type Defect, parsePolicyDocument } from './document.js'
import { evaluatePolicy } from './evaluate.js'
import { findMiss, type Miss } from './miss.js'
import { parsePolicy, type Policy } from './policy.js'
import { providerArnOf } from './provider.js'

/** One role's trust policy and one service account. */
export interface TrustQuestion {
  /** The policy: an object, JSON text, or percent-encoded JSON text. */
  readonly document: unknown
  /** `url`: percent-encoded, as GetRole returns it. If left out, it is detected from the text. */
  readonly encoding?: 'json' | 'url' | undefined
  /** 12 digits. */
  readonly roleAccount: string
  /** `aws` by default. */
  readonly partition?: string | undefined
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer: string
  readonly namespace: string
  readonly serviceAccount: string
  /** The audience of the pod's token. */
  readonly audience: string
  /** Now. Without it the time is a runtime key; with it a date that has passed is past for good. */
  readonly at?: Date | undefined
}

/**
 * Whether STS exchanges the service account's token as far as the trust policy decides, and what rules need
 * to explain it.
 */
export interface TrustJudgement {
  readonly verdict: 'allowed' | 'denied' | 'depends' | 'invalid'
  readonly overPermissive: boolean
  /** Counted from zero: the Deny that holds, the Allow that matched or is open, else the nearest miss. */
  readonly statement: number | undefined
  /** The condition keys that decide, as written, each once, sorted. */
  readonly dependsOn: readonly string[]
  /** What decides and is not documented by AWS. */
  readonly undocumented: readonly string[]
  /** Why it is denied or invalid: one thing, the first in the order of `Miss`. */
  readonly miss: Miss | undefined
  readonly breadth: readonly Breadth[]
  /** The document's characters without white space, as IAM counts them; 0 when it is not JSON. */
  readonly size: number
  /** The question. */
  readonly subject: string
  readonly audience: string
  readonly provider: string
}

/** Judges one trust policy for one service account. Synchronous, never throws, whatever the document is. */
export function judgeTrust(question: TrustQuestion): TrustJudgement {
  return judgeParsed(parseTrustPolicy(question.document, question.encoding), question)
}

/** A parsed trust policy, or what is wrong with it. It does not depend on the service account. */
export interface ParsedTrustPolicy {
  readonly policy: Policy | Defect
  readonly value: unknown
  readonly size: number
}

/** Reads a document, to be judged for any number of accounts. Never throws. */
export function parseTrustPolicy(document: unknown, encoding?: 'json' | 'url'): ParsedTrustPolicy {
  const read = parsePolicyDocument(document, encoding)
  if ('reason' in read) return { policy: read, value: undefined, size: 0 }

  return { policy: parsePolicy(read.value), ...read }
}

/** Judges a document's value, as JSON.parse returns it. */
export const judgeValue = (value: unknown, size: number, question: TrustQuestion): TrustJudgement =>
  judgeParsed({ policy: parsePolicy(value), value, size }, question)

/** Judges a document that has been read already. */
export function judgeParsed(
  { policy, value, size }: ParsedTrustPolicy,
  question: Omit<TrustQuestion, 'document'>
): TrustJudgement {
  if ('reason' in policy) return invalid(policy, question, value, size)

  const { provider, token } = askedOf(question)
  const context = contextOf(token)
  const { verdict, statement, dependsOn, undocumented } = evaluatePolicy(policy, provider, context)
  const breadth = breadthOf(policy, provider, token, verdict)
  const miss = verdict === 'denied' ? findMiss(policy, provider, token, context) : undefined
  const deciding = miss === undefined ? statement : miss.statement

  return {
    verdict,
    overPermissive: breadth.some(isOverPermissive),
    statement: deciding,
    dependsOn,
    undocumented,
    miss,
    breadth,
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

  return {
    provider: arnIn(partition)(roleAccount),
    token: {
      issuer: bare,
      subject: `system:serviceaccount:${namespace}:${serviceAccount}`,
      audience,
      roleAccount,
      at
    }
  }
}

/**
 * What an issuer is called in policies. One cluster has one issuer, and accounts come in runs, so all of it
 * is mostly at hand.
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
    miss: { kind: 'invalid', ...defect },
    breadth,
    size,
    subject: token.subject,
    audience: question.audience,
    provider
  }
}
