import { correctionOf } from './correct.js'
import { parsePolicyDocument } from './document.js'
import { askedOf, judgeValue, type TrustJudgement, type TrustQuestion } from './judge.js'
import { suggestTrust } from './suggest.js'

const most = 50

/**
 * A document that IAM would reject, with all its defects corrected, and if necessary so that it admits the
 * service account; undefined if a defect cannot be corrected for certain, or if the result would not admit the
 * service account, or would also admit others.
 */
export function repairTrust(question: TrustQuestion, judgement: TrustJudgement): object | undefined {
  if (judgement.miss?.kind !== 'invalid') return undefined
  const read = parsePolicyDocument(question.document, question.encoding)
  if ('reason' in read) return undefined
  const { provider } = askedOf(question)
  let { value } = read
  let after = judgement
  for (let step = 0; after.miss?.kind === 'invalid'; step++) {
    value = step < most ? correctionOf(after.miss, value, provider)?.edited : undefined
    if (value === undefined) return undefined
    after = judgeValue(value, read.size, question)
  }
  const edited =
    after.verdict === 'allowed'
      ? value
      : suggestTrust({ ...question, document: value, encoding: 'json' }, after)
  if (typeof edited !== 'object' || edited === null) return undefined
  const result = judgeValue(edited, read.size, question)

  return result.verdict === 'allowed' && !result.overPermissive ? edited : undefined
}
