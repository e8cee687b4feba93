import { hasWildcard, matchesPattern, parsePattern } from '../text/glob.js'
import { isRecord } from '../text/record.js'
import { includesWebIdentity, webIdentityAction } from './action.js'
import { parsePolicyDocument } from './document.js'
import { askedOf, judgeValue, type TrustJudgement, type TrustQuestion } from './judge.js'
import { keyDifference } from './key.js'
import { parseOperator } from './operators.js'
import { providerDifference } from './provider.js'

/**
 * Returns the smallest corrected policy document that admits the service account without admitting anyone
 * else; undefined if no small edit does. It fixes the statement that came closest, or adds one for this
 * service account alone. It removes no access, because the parts it replaces could never match a token.
 */
export function suggestTrust(
  question: TrustQuestion,
  { verdict, miss, breadth }: TrustJudgement
): object | undefined {
  const isOpen = verdict === 'denied' || verdict === 'invalid' // of an invalid document, a clear meaning
  if (!isOpen || miss === undefined || miss.kind === 'explicit-deny' || miss.kind === 'invalid')
    return undefined
  const read = parsePolicyDocument(question.document, question.encoding)
  if ('reason' in read || !isRecord(read.value)) return undefined
  // A date in the past or an exclusion by name was intended.
  if ('failed' in miss && miss.failed.some(({ operator, key }) => isMeant(operator, key))) return undefined
  if (/[*?$]/.test(question.audience)) return undefined // it would be a wildcard or a variable with some operators

  const isNotWider = (after: TrustJudgement): boolean =>
    after.breadth.every(({ kind }) => breadth.some((before) => before.kind === kind))
  for (const edited of [mended(read.value, miss.statement, question), extended(read.value, question)]) {
    if (edited === undefined) continue
    const after = judgeValue(edited, read.size, question)
    if (after.verdict === 'depends') return undefined // runtime limits were intended, too
    if (after.verdict === 'allowed' && isNotWider(after)) return edited
  }
  return undefined
}

const isMeant = (operator: string, key: string): boolean =>
  parseOperator(operator)?.negated === true || /^aws:(?:currenttime|epochtime)$/i.test(key)

type Json = Readonly<Record<string, unknown>>

function extended(policy: Json, question: TrustQuestion): Json {
  const { provider, token } = askedOf(question)
  const statement = {
    Effect: 'Allow',
    Principal: { Federated: provider },
    Action: webIdentityAction,
    Condition: {
      StringEquals: { [`${token.issuer}:sub`]: token.subject, [`${token.issuer}:aud`]: question.audience }
    }
  }
  return { ...policy, Statement: [...valuesOf(policy['Statement']), statement] }
}

function mended(policy: Json, index: number | undefined, question: TrustQuestion): Json | undefined {
  const list = valuesOf(policy['Statement'])
  const statement = index === undefined ? undefined : list[index]
  const edited = isRecord(statement) ? mendedStatement(statement, question) : undefined
  if (edited === undefined) return undefined

  return { ...policy, Statement: Array.isArray(policy['Statement']) ? list.with(index ?? 0, edited) : edited }
}

/**
 * Fixes the action, provider, keys and values of a statement; undefined if that would admit more than this
 * service account.
 */
function mendedStatement(statement: Json, question: TrustQuestion): Json | undefined {
  const { provider, token } = askedOf(question)
  const actions = texts(statement['Action'])
  const lacksAction = !includesWebIdentity(actions)
  const principal = mendedPrincipal(statement['Principal'], provider)
  const condition = isRecord(statement['Condition'])
    ? mendedCondition(statement['Condition'], token.issuer, question)
    : undefined
  if (statement['Action'] === undefined || principal === undefined || condition === undefined)
    return undefined
  // A statement that starts to match must name only this service account; a statement that already matches
  // gets it as one more value.
  const comesToLife = lacksAction || principal !== statement['Principal'] || condition.comesToLife
  if (comesToLife && !condition.isForOneOnly) return undefined

  return {
    ...statement,
    Principal: principal,
    ...(lacksAction && { Action: [...actions, webIdentityAction] }),
    Condition: condition.edited
  }
}

function mendedPrincipal(principal: unknown, provider: string): unknown {
  if (!isRecord(principal)) return undefined
  const federated = texts(principal['Federated'])
  if (federated.includes(provider)) return principal
  const isSpelling = (value: string): boolean =>
    providerDifference([{ type: 'Federated', value }], provider)?.isSpelling === true
  if (!federated.some(isSpelling)) return undefined
  const values = [...new Set(federated.map((value) => (isSpelling(value) ? provider : value)))]

  return { ...principal, Federated: Array.isArray(principal['Federated']) ? values : provider }
}

interface MendedCondition {
  readonly edited: Json
  /** Whether anything other than the array of subjects was fixed. */
  readonly comesToLife: boolean
  /** Whether the statement requires exactly this subject, with no alternative. */
  readonly isForOneOnly: boolean
}

function mendedCondition(
  condition: Json,
  issuer: string,
  question: TrustQuestion
): MendedCondition | undefined {
  const { token } = askedOf(question)
  const operators: [string, Json][] = []
  let comesToLife = false
  let isForOneOnly = false
  for (const [name, keys] of Object.entries(condition)) {
    const operator = parseOperator(name)
    if (operator === undefined || !isRecord(keys)) return undefined
    const edited: [string, unknown][] = []
    for (const [key, wanted] of Object.entries(keys)) {
      const values = operator.negated ? [] : texts(wanted) // what is excluded does not show which claim was meant
      const difference = keyDifference(key, issuer, { values, audience: question.audience })
      const newKey = difference === undefined || difference.isOtherIssuer ? key : difference.expected
      if (newKey !== key) comesToLife = true
      const claim = newKey.toLowerCase().slice(issuer.length + 1)
      const isPlain =
        operator.family === 'string' &&
        !operator.negated &&
        newKey.toLowerCase().startsWith(`${issuer.toLowerCase()}:`)
      if (!isPlain || (claim !== 'sub' && claim !== 'aud')) {
        edited.push([newKey, wanted])
        continue
      }
      const actual = claim === 'sub' ? token.subject : question.audience
      const matches = (value: string): boolean =>
        value === actual || (operator.relation === 'like' && matchesPattern(parsePattern(value), actual))
      const isPossible = (value: string): boolean =>
        claim === 'aud' || isSubject(value, operator.relation === 'like')
      const mendedValues = values.some(matches) ? values : [...values.filter(isPossible), actual]
      if (mendedValues !== values && claim === 'aud') comesToLife = true
      if (claim === 'sub' && !operator.ifExists && operator.quantifier === undefined) {
        isForOneOnly ||= mendedValues.every((value) => value === actual)
      }
      edited.push([
        newKey,
        mendedValues === values ? wanted : mendedValues.length === 1 ? actual : mendedValues
      ])
    }
    const unique = new Set(edited.map(([key]) => key.toLowerCase()))
    if (unique.size < edited.length) return undefined
    operators.push([name, Object.fromEntries(edited)])
  }
  const audienceKey = `${issuer}:aud`
  const isLimited = operators.some(([, keys]) =>
    Object.keys(keys).some((key) => key.toLowerCase() === audienceKey.toLowerCase())
  )
  // A statement that starts to match must not admit tokens of every audience.
  if (comesToLife && !isLimited) {
    const equals = operators.find(([name]) => name === 'StringEquals')
    if (equals === undefined) operators.push(['StringEquals', { [audienceKey]: question.audience }])
    else equals[1] = { ...equals[1], [audienceKey]: question.audience }
  }
  return { edited: Object.fromEntries(operators), comesToLife, isForOneOnly }
}

/** Whether some service account can have this subject, or match this pattern. */
function isSubject(value: string, like: boolean): boolean {
  if (like && hasWildcard(value)) return true

  return /^system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+$/.test(value) || value.includes('${')
}

const valuesOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : [value]
const texts = (value: unknown): string[] => valuesOf(value).filter((text) => typeof text === 'string')
