import { hasWildcard, matchesPattern, parsePattern } from '../text/glob.js'
import { isRecord } from '../text/record.js'
import { includesWebIdentity, webIdentityAction } from './action.js'
import { parsePolicyDocument, policyLength } from './document.js'
import { askedOf, judgeValue, type TrustJudgement, type TrustQuestion } from './judge.js'
import { meantKeys } from './key.js'
import { type Operator, parseOperator } from './operators.js'
import { providerDifference, splitArns } from './provider.js'

/**
 * Returns the smallest corrected policy document that admits the service account, admits nothing else that
 * was not admitted before, and can be stored in IAM; undefined if no small edit achieves this. The function fixes
 * the statement that comes closest, or adds one for this service account alone. It removes no access, because
 * the parts that it replaces could never match a token.
 */
export function suggestTrust(
  question: TrustQuestion,
  { verdict, miss, breadth, subject }: TrustJudgement
): object | undefined {
  const isOpen = verdict === 'denied' || verdict === 'invalid' // an invalid document can still have a clear meaning
  if (!isOpen || miss === undefined || miss.kind === 'explicit-deny' || miss.kind === 'invalid')
    return undefined
  const read = parsePolicyDocument(question.document, question.encoding)
  if ('reason' in read || !isRecord(read.value)) return undefined
  // A date in the past or an exclusion by name is intentional.
  if ('failed' in miss && miss.failed.some(({ operator, key }) => isMeant(operator, key))) return undefined
  if (/[*?$]/.test(question.audience + subject)) return undefined // some operators would read these as wildcards or variables

  const isNotWider = (after: TrustJudgement): boolean =>
    after.breadth.every(
      ({ kind }) => kind === 'no-audience' || breadth.some((before) => before.kind === kind)
    )
  for (const edited of [fixed(read.value, miss.statement, question), extended(read.value, question)]) {
    const stored = edited && parsePolicyDocument(edited)
    if (stored === undefined || 'reason' in stored || exceedsQuota(stored.size, read.size)) continue
    const after = judgeValue(stored.value, stored.size, question)
    if (after.verdict === 'depends') return undefined // limits that depend on the request are intentional, too
    if (after.verdict === 'allowed' && isNotWider(after)) return edited
  }
  return undefined
}

/**
 * Whether a document of this size might exceed the account's quota. The quota is at least the size of the
 * original document.
 */
export const exceedsQuota = (size: number, before: number): boolean =>
  size > policyLength.defaultQuota && before <= policyLength.defaultQuota

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

function fixed(policy: Json, index: number | undefined, question: TrustQuestion): Json | undefined {
  const list = valuesOf(policy['Statement'])
  const statement = index === undefined ? undefined : list[index]
  const edited = isRecord(statement) ? fixedStatement(statement, question) : undefined
  if (edited === undefined) return undefined

  return { ...policy, Statement: Array.isArray(policy['Statement']) ? list.with(index ?? 0, edited) : edited }
}

/**
 * Fixes the action, provider, keys and values of a statement; undefined if that would admit more than this
 * service account.
 */
function fixedStatement(statement: Json, question: TrustQuestion): Json | undefined {
  const { provider } = askedOf(question)
  const actions = texts(statement['Action'])
  const lacksAction = !includesWebIdentity(actions)
  const principal = fixedPrincipal(statement['Principal'], provider)
  if (statement['Action'] === undefined || principal === undefined || !isRecord(statement['Condition']))
    return undefined
  const isForUsOnly = texts(principal['Federated']).every((value) => value === provider)
  const condition = fixedCondition(statement['Condition'], isForUsOnly, question)
  if (condition === undefined) return undefined
  // If the edit makes a statement match for the first time, it must name only this service account and its
  // audience. If the statement already matches others, the service account is added to the values.
  const comesToLife = lacksAction || principal !== statement['Principal'] || condition.comesToLife
  if (comesToLife && !condition.isForOneOnly) return undefined

  return {
    ...statement,
    Principal: principal,
    ...(lacksAction && { Action: [...actions, webIdentityAction] }),
    Condition: comesToLife ? withAudience(condition.edited, question) : condition.edited
  }
}

function fixedPrincipal(principal: unknown, provider: string): Json | undefined {
  if (!isRecord(principal)) return undefined
  const federated = texts(principal['Federated'])
  if (federated.includes(provider)) return principal
  const { AWS: aws, ...rest } = principal
  if (texts(aws).includes(provider)) {
    const others = texts(aws).filter((value) => value !== provider)

    return {
      ...rest,
      ...(others.length > 0 && { AWS: others }),
      Federated: federated.length === 0 ? provider : [...federated, provider]
    }
  }
  // The other ARNs in the same string never admitted anyone, and must not begin to do so.
  const isSpelling = (value: string): boolean =>
    splitArns(value).includes(provider) ||
    providerDifference([{ type: 'Federated', value }], provider)?.isSpelling === true
  if (!federated.some(isSpelling)) return undefined
  const values = [...new Set(federated.map((value) => (isSpelling(value) ? provider : value)))]

  return { ...principal, Federated: Array.isArray(principal['Federated']) ? values : provider }
}

interface FixedCondition {
  readonly edited: Json
  /** Whether anything other than the list of subjects was fixed, so that the statement newly matches. */
  readonly comesToLife: boolean
  /** Whether the statement requires exactly this subject, with no alternative. */
  readonly isForOneOnly: boolean
}

interface Entry {
  readonly name: string
  readonly operator: Operator
  readonly key: string
  readonly wanted: unknown
  readonly values: readonly string[]
}

function fixedCondition(
  condition: Json,
  isForUsOnly: boolean,
  question: TrustQuestion
): FixedCondition | undefined {
  const { token } = askedOf(question)
  const entries = entriesOf(condition)
  if (entries === undefined) return undefined
  const keys = meantKeys(entries, token.issuer, question.audience, isForUsOnly)
  const [subjectKey, audienceKey] = [`${token.issuer}:sub`, `${token.issuer}:aud`]
  let comesToLife = false
  let isForOneOnly = false
  let edited: Json = {}
  for (const [index, { name, operator, key, wanted, values }] of entries.entries()) {
    const newKey = keys[index] ?? key
    if (newKey !== key) comesToLife = true
    const claim = isSame(newKey, subjectKey) ? 'sub' : isSame(newKey, audienceKey) ? 'aud' : undefined
    const before = isRecord(edited[name]) ? edited[name] : {}
    if (Object.keys(before).some((other) => isSame(other, newKey))) return undefined // the new key would be a duplicate
    let newValue = wanted
    if (claim !== undefined && operator.family === 'string' && !operator.negated) {
      const actual = claim === 'sub' ? token.subject : question.audience
      const isLike = operator.relation === 'like'
      const matches = (value: string): boolean =>
        value === actual || (isLike && matchesPattern(parsePattern(value), actual))
      const newValues = values.some(matches)
        ? values
        : [...values.filter((value) => isPossible(claim, value, actual, isLike)), actual]
      if (newValues !== values) {
        newValue = newValues.length === 1 ? actual : newValues
        if (claim === 'aud') comesToLife = true
      }
      if (claim === 'sub' && !operator.ifExists && operator.quantifier === undefined)
        isForOneOnly ||= newValues.every((value) => value === actual)
    }
    edited = { ...edited, [name]: { ...before, [newKey]: newValue } }
  }
  // A condition whose key was the subject but whose value was an audience now has the audience's key, so the
  // statement needs a new condition on the subject.
  const isMoved = entries.some(({ key }, index) => isSame(key, subjectKey) && keys[index] !== key)
  if (isMoved && !keys.some((key) => isSame(key, subjectKey))) {
    edited = withEquals(edited, subjectKey, token.subject)
    isForOneOnly = true
  }

  return { edited, comesToLife, isForOneOnly }
}

/** The conditions in order; undefined if one has an unknown operator. */
function entriesOf(condition: Json): Entry[] | undefined {
  const entries: Entry[] = []
  for (const [name, keys] of Object.entries(condition)) {
    const operator = parseOperator(name)
    if (operator === undefined || !isRecord(keys)) return undefined
    for (const [key, wanted] of Object.entries(keys))
      entries.push({ name, operator, key, wanted, values: texts(wanted) })
  }

  return entries
}

/** Adds a limit on the audience: a statement that newly matches must not admit tokens of every audience. */
function withAudience(condition: Json, question: TrustQuestion): Json {
  const key = `${askedOf(question).token.issuer}:aud`
  const isLimited = entriesOf(condition)?.some((entry) => isSame(entry.key, key) && !entry.operator.negated)

  return isLimited === true ? condition : withEquals(condition, key, question.audience)
}

/** Adds a key and its only value to the StringEquals of a condition. */
function withEquals(condition: Json, key: string, value: string): Json {
  const equals = condition['StringEquals']

  return { ...condition, StringEquals: { ...(isRecord(equals) && equals), [key]: value } }
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/** Whether a token can have this value. A value that no token can have is replaced with the correct one. */
function isPossible(claim: 'sub' | 'aud', value: string, actual: string, like: boolean): boolean {
  return claim === 'sub'
    ? isSubject(value, like)
    : value.trim() !== actual && !/^system:serviceaccount:/i.test(value.trim())
}

/** Whether this can be the subject of a service account. Wildcard patterns and values with policy variables always count. */
function isSubject(value: string, like: boolean): boolean {
  if (like && hasWildcard(value)) return true

  return /^system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+$/.test(value) || value.includes('${')
}

const valuesOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : [value]
const texts = (value: unknown): string[] => valuesOf(value).filter((text) => typeof text === 'string')
