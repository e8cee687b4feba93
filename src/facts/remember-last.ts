import { type ParsedTrustPolicy, parseTrustPolicy } from '../trust-policy/judge.js'
import type { TrustPolicyDocument } from './facts.js'

const parsed = new WeakMap<TrustPolicyDocument, ParsedTrustPolicy>()

/**
 * The returned function parses each document only once, because thousands of service accounts may share a
 * role. It also caches the last judgement of each document, because most roles are used by a single service
 * account whose manifest is applied repeatedly. A judgement that depends on time is not cached.
 */
export function rememberLast<Q, J>(
  judge: (policy: ParsedTrustPolicy, question: Q) => J,
  isSame: (one: Q, other: Q) => boolean
): (document: TrustPolicyDocument, question: Q) => J {
  const last = new WeakMap<TrustPolicyDocument, { readonly question: Q; readonly judgement: J }>()

  return (document, question) => {
    const before = last.get(document)
    if (before !== undefined && isSame(before.question, question)) return before.judgement

    let read = parsed.get(document)
    if (read === undefined)
      parsed.set(document, (read = parseTrustPolicy(document.document, document.encoding)))
    const judgement = judge(read, question)
    const { policy } = read
    if ('reason' in policy || policy.isTimeless) last.set(document, { question, judgement })

    return judgement
  }
}
