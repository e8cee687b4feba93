import { closestTo } from '../text/closest.js'
import { quote } from '../text/escape.js'
import { isRecord } from '../text/record.js'
import { webIdentityAction } from './action.js'
import type { Defect } from './document.js'
import { joinPath } from './duplicate-keys.js'
import { operatorNames, parseOperator } from './operators.js'
import { policyElements, principalTypes, statementElements, stsActions } from './policy.js'

/** How to correct one defect of a policy document. */
export interface Correction {
  readonly place: string
  /** The correction as an instruction. */
  readonly advice: string
  /** The whole document with this defect corrected; undefined if only the author can know what to write. */
  readonly edited: unknown
}

/**
 * The correction of a defect that `parsePolicy` or `refusedPart` found in a document's value, if it is clear what
 * to write. `provider` is the ARN of the cluster's OIDC provider in the role's account; without it, a
 * missing principal or action is not filled in.
 */
export function correctionOf(
  defect: Defect,
  value: unknown,
  provider: string | undefined
): Correction | undefined {
  for (const correction of correctionsOf(value, provider)) {
    if (correction.place === defect.place) return correction
  }

  return undefined
}

type Json = Readonly<Record<string, unknown>>

/** The corrections of a document, in the order in which `parsePolicy` finds the defects. */
function* correctionsOf(value: unknown, provider: string | undefined): Iterable<Correction> {
  const isStatement = (one: unknown): boolean => isRecord(one) && 'Effect' in one && 'Principal' in one
  if (Array.isArray(value) ? value.length > 0 && value.every(isStatement) : isStatement(value)) {
    const edited = { Version: '2012-10-17', Statement: Array.isArray(value) ? value : [value] }
    const statements = Array.isArray(value) ? 'the statements' : 'the statement'
    const advice = `put ${statements} into a policy: {"Version": "2012-10-17", "Statement": [ … ]}`
    yield { place: '', advice, edited }
    const first = isRecord(value) ? Object.keys(value).find((key) => !policyElements.has(key)) : undefined
    if (first !== undefined) yield { place: joinPath('', first), advice, edited }
  }
  if (!isRecord(value)) return
  yield* renamings(value, policyElements, '')
  const { Version: version, Statement: statement } = value
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17')
    yield {
      place: 'Version',
      advice: 'write "Version": "2012-10-17", which is the version of the policy language',
      edited: { ...value, Version: '2012-10-17' }
    }

  const list: readonly unknown[] = Array.isArray(statement) ? statement : [statement]
  const sids = new Set<unknown>()
  for (const [index, one] of list.entries()) {
    if (!isRecord(one)) continue
    const at = Array.isArray(statement) ? `Statement[${index}]` : 'Statement'
    for (const { place, advice, edited } of statementCorrections(one, { at, index, provider, sids })) {
      yield {
        place,
        advice,
        edited: edited && {
          ...value,
          Statement: Array.isArray(statement) ? list.with(index, edited) : edited
        }
      }
    }
    sids.add(one['Sid'])
  }
}

interface InStatement extends Correction {
  /** The corrected statement. */
  readonly edited: Json | undefined
}

function* statementCorrections(
  statement: Json,
  {
    at,
    index,
    provider,
    sids
  }: { at: string; index: number; provider: string | undefined; sids: ReadonlySet<unknown> }
): Iterable<InStatement> {
  yield* strangerCorrections(statement, at)

  const { Sid: sid, Effect: effect, Principal: principal, Action: action, NotAction: notAction } = statement
  const place = `${at}.Sid`
  if (typeof sid === 'string' && sids.has(sid) && /^[A-Za-z0-9]*$/.test(sid))
    yield { place, advice: `remove ${place}, or give it another name`, edited: without(statement, 'Sid') }
  else if (typeof sid === 'string' || typeof sid === 'number') {
    const allowed = String(sid).replace(/[^A-Za-z0-9]/g, '')
    yield allowed === ''
      ? { place, advice: `remove ${place}`, edited: without(statement, 'Sid') }
      : { place, advice: `write "Sid": ${quote(allowed)}`, edited: { ...statement, Sid: allowed } }
  }

  if (effect === undefined) yield { place: at, advice: `write "Effect": "Allow" in ${at}`, edited: undefined }
  const meant =
    typeof effect !== 'string'
      ? undefined
      : /^allow/i.test(effect)
        ? 'Allow'
        : /^den[yi]/i.test(effect)
          ? 'Deny'
          : undefined
  if (meant !== undefined && effect !== meant)
    yield {
      place: `${at}.Effect`,
      advice: `write "Effect": "${meant}"`,
      edited: { ...statement, Effect: meant }
    }

  yield* principalCorrections(statement, principal, { at, index, provider })

  if (action === undefined && notAction === undefined && provider !== undefined)
    yield {
      place: at,
      advice: `write "Action": "${webIdentityAction}" in ${at}`,
      edited: { ...statement, Action: webIdentityAction }
    }
  yield* actionCorrections(statement, 'Action', at)
  yield* actionCorrections(statement, 'NotAction', at)
  yield* conditionCorrections(statement, { at, index })
}

/**
 * Corrections of elements that a statement cannot have: misspelled ones, resources, and conditions in the
 * wrong place.
 */
function* strangerCorrections(statement: Json, at: string): Iterable<InStatement> {
  for (const [key, value] of Object.entries(statement)) {
    if (statementElements.has(key)) continue
    const place = joinPath(at, key)
    if (key === 'Resource' || key === 'NotResource') {
      yield {
        place,
        advice: `remove ${place}; a trust policy always applies to its own role`,
        edited: without(statement, key)
      }
    } else if (parseOperator(key) !== undefined && isRecord(value)) {
      yield {
        place,
        advice: `move ${key} into the Condition of the statement: "Condition": {"${key}": {…}}`,
        edited: withCondition(without(statement, key), key, value)
      }
    } else if (isClaimKey(key)) {
      yield {
        place,
        advice: `move ${quote(key)} into the Condition of the statement: "Condition": {"StringEquals": {${quote(key)}: …}}`,
        edited: withCondition(without(statement, key), 'StringEquals', { [key]: value })
      }
    }
  }
  yield* renamings(statement, statementElements, at)
}

/** Whether this is a condition key for a claim of a token, such as `oidc.example.com/id/A:sub`. */
function isClaimKey(key: string): boolean {
  const colon = key.lastIndexOf(':')

  return /^(?:sub|aud)$/i.test(key.slice(colon + 1)) && /[./]/.test(key.slice(0, Math.max(colon, 0)))
}

/**
 * The statement with one more condition; undefined if that operator already has a condition on the same key.
 */
function withCondition(statement: Json, operator: string, keys: Json): Json | undefined {
  const condition = statement['Condition'] ?? {}
  if (!isRecord(condition)) return undefined
  const before = condition[operator] ?? {}
  if (!isRecord(before)) return undefined
  const taken = new Set(Object.keys(before).map((key) => key.toLowerCase()))
  if (Object.keys(keys).some((key) => taken.has(key.toLowerCase()))) return undefined

  return { ...statement, Condition: { ...condition, [operator]: { ...before, ...keys } } }
}

/** Corrections of misspelled elements, unless the correct element is present as well. */
function* renamings(
  value: Json,
  known: ReadonlySet<string>,
  at: string
): Iterable<{ place: string; advice: string; edited: Json }> {
  for (const key of Object.keys(value)) {
    const meant = known.has(key) ? undefined : closestName(key, [...known])
    if (meant !== undefined && value[meant] === undefined)
      yield {
        place: joinPath(at, key),
        advice: `write ${quote(meant)} instead of ${quote(key)}`,
        edited: renamed(value, key, meant)
      }
  }
}

/**
 * The known name that differs from a string by at most two typos, not counting capitalization. A known name
 * of fewer than six characters may differ only in capitalization, because short names are too similar.
 */
function closestName(text: string, known: readonly string[]): string | undefined {
  const lower = text.toLowerCase()
  const same = known.find((name) => name.toLowerCase() === lower)
  if (same !== undefined) return same
  const closest = closestTo(
    lower,
    known.map((name) => name.toLowerCase()).filter((name) => name.length >= 6)
  )

  return known.find((name) => name.toLowerCase() === closest)
}

function* principalCorrections(
  statement: Json,
  principal: unknown,
  { at, index, provider }: { at: string; index: number; provider: string | undefined }
): Iterable<InStatement> {
  const federated = (value: unknown): Json => ({ ...statement, Principal: { Federated: value } })
  const ours = {
    advice: `write "Principal": {"Federated": ${quote(provider ?? '')}}`,
    edited: federated(provider)
  }
  const isForTokens =
    provider !== undefined && JSON.stringify(statement['Action'] ?? '').includes('WithWebIdentity')
  if (principal === undefined && isForTokens) yield { place: at, ...ours }
  if (typeof principal === 'string') {
    const isProvider = /^arn:[^:]*:iam::\d{12}:oidc-provider\//.test(principal)
    if (isProvider)
      yield {
        place: `${at}.Principal`,
        advice: `write "Principal": {"Federated": ${quote(principal)}}`,
        edited: federated(principal)
      }
    else if (isForTokens) yield { place: `${at}.Principal`, ...ours }
  }
  if (!isRecord(principal)) return
  if (Object.keys(principal).length === 0 && isForTokens) yield { place: `${at}.Principal`, ...ours }
  for (const { edited, ...rest } of renamings(principal, new Set(principalTypes), `${at}.Principal`))
    yield { ...rest, edited: { ...statement, Principal: edited } }

  const values = valuesOf(principal['Federated'])
  const refused = values.find((value) => typeof value === 'string' && /https?:\/\//i.test(value))
  if (typeof refused === 'string') {
    const bare = refused.replace(/https?:\/\//i, '')
    const isUrl = !bare.startsWith('arn:')
    const right = isUrl && provider?.endsWith(`:oidc-provider/${bare}`) ? provider : bare
    yield {
      place: `Statement[${index}].Principal.Federated`,
      advice: `write ${quote(right)} instead of ${quote(refused)}`,
      edited: {
        ...statement,
        Principal: { ...principal, Federated: replaced(principal['Federated'], refused, right) }
      }
    }
  }
}

function* actionCorrections(
  statement: Json,
  element: 'Action' | 'NotAction',
  at: string
): Iterable<InStatement> {
  for (const action of valuesOf(statement[element])) {
    if (typeof action !== 'string' || /[*?]/.test(action) || stsActions.has(action.toLowerCase())) continue
    const bare = action.toLowerCase().replace(/^sts[:.]?/, '')
    const meant =
      bare.includes('web') && bare.includes('identit')
        ? webIdentityAction
        : [...stsActions.values()].find(
            (name) =>
              name.toLowerCase() ===
              closestTo(
                `sts:${bare}`,
                [...stsActions.values()].map((each) => each.toLowerCase())
              )
          )
    if (meant === undefined) return // the defect is the first value that is not an action
    yield {
      place: `${at}.${element}`,
      advice: `write ${quote(meant)} instead of ${quote(action)}`,
      edited: { ...statement, [element]: replaced(statement[element], action, meant) }
    }
    return
  }
}

function* conditionCorrections(
  statement: Json,
  { at, index }: { at: string; index: number }
): Iterable<InStatement> {
  const place = `${at}.Condition`
  const condition = statement['Condition']
  if (Array.isArray(condition) && condition.length === 1 && isRecord(condition[0]))
    yield {
      place,
      advice: `write the conditions without brackets: "Condition": {…}`,
      edited: { ...statement, Condition: condition[0] }
    }
  if (!isRecord(condition)) return

  for (const [name, keys] of Object.entries(condition)) {
    const operatorPlace = joinPath(place, name)
    if (parseOperator(name) === undefined) {
      const rest = { ...statement, Condition: without(condition, name) }
      const meant = closestName(name, operatorNames)
      if (isClaimKey(name))
        yield {
          place: operatorPlace,
          advice: `put ${quote(name)} under a condition operator: "Condition": {"StringEquals": {${quote(name)}: …}}`,
          edited: withCondition(rest, 'StringEquals', { [name]: keys })
        }
      else if (meant !== undefined && isRecord(keys))
        yield {
          place: operatorPlace,
          advice: `write ${quote(meant)} instead of ${quote(name)}`,
          edited:
            condition[meant] === undefined
              ? { ...statement, Condition: renamed(condition, name, meant) }
              : withCondition(rest, meant, keys)
        }
    }
    for (const key of isRecord(keys) ? Object.keys(keys) : []) {
      const bare = key.replace(/^https?:\/\//i, '')
      if (isRecord(keys) && bare !== key && !(bare in keys))
        yield {
          place: joinPath(joinPath(`Statement[${index}].Condition`, name), key),
          advice: `write ${quote(bare)} instead of ${quote(key)}`,
          edited: { ...statement, Condition: { ...condition, [name]: renamed(keys, key, bare) } }
        }
    }
  }
}

const valuesOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : [value]

const replaced = (value: unknown, before: string, after: string): unknown =>
  Array.isArray(value) ? [...new Set(value.map((one: unknown) => (one === before ? after : one)))] : after

const without = (value: Json, key: string): Json =>
  Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))

/** The object with one key renamed; the order of its keys stays the same. */
const renamed = (value: Json, before: string, after: string): Json =>
  Object.fromEntries(Object.entries(value).map(([key, one]) => [key === before ? after : key, one]))
