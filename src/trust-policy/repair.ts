import { isRecord, recordOf } from '../text/record.js'
import { correctionOf } from './correct.js'
import { parsePolicyDocument } from './document.js'
import { askedOf, judgeValue, type TrustJudgement, type TrustQuestion } from './judge.js'
import { limitsOf } from './limits.js'
import { parsePolicy } from './policy.js'
import { suggestTrust } from './suggest.js'

const most = 50

/**
 * Corrects all defects of a document that IAM would reject and, if necessary, makes it admit the service
 * account. Returns undefined if it is unclear how to correct a defect, or if the result would not admit the
 * service account or would also admit others.
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
  const isNarrow = !result.overPermissive && areLimited(read.value, value, question)

  return result.verdict === 'allowed' && isNarrow ? edited : undefined
}

/**
 * Whether every corrected statement admits only service accounts of the cluster, and spells out their names. IAM
 * never stored the document, so anyone else that the statement admits would gain access.
 */
function areLimited(before: unknown, after: unknown, question: TrustQuestion): boolean {
  const { provider, token } = askedOf(question)
  const parsed = parsePolicy(after)
  if ('reason' in parsed) return false
  const known = new Set(statementsOf(before).map(withoutSid))

  return statementsOf(after).every((value, index) => {
    const statement = parsed.statements[index]
    if (statement === undefined || statement.effect === 'Deny' || known.has(withoutSid(value))) return true

    return (
      statement.principals.every((principal) => principal.value === provider) &&
      limitsOf(statement.conditions, token.issuer, token.subject).subject !== 'open'
    )
  })
}

function statementsOf(policy: unknown): readonly unknown[] {
  const statement = isRecord(policy) && 'Statement' in policy ? policy['Statement'] : policy

  return Array.isArray(statement) ? statement : [statement]
}

/** A statement as a string without its Sid, which has no effect. */
const withoutSid = (statement: unknown): string => JSON.stringify({ ...recordOf(statement), Sid: undefined })
