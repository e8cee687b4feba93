import { statementNamed } from '../model/statement-named.js'
import type { StatementPart } from '../model/statement-part.js'
import { escapeText, quote, shorten } from '../text/escape.js'
import { isRecord, recordOf, textOf } from '../text/record.js'
import { excerptLines } from './excerpt-text.js'
import { fewOf, markOf, type Style, wrapped } from './style.js'

/** How output names a statement: its number, counted from one, and its Sid. */
export function statementTitle(policy: unknown, index: number): string {
  if (!isRecord(policy)) return statementNamed(index)
  const list = policy['Statement']
  const statements: readonly unknown[] = Array.isArray(list) ? list : [list]
  const sid = textOf(recordOf(statements[index])['Sid'])

  return `${statementNamed(index)} of ${statements.length}${sid === undefined ? '' : ` (Sid ${shorten(sid, 64)})`}`
}

/**
 * The parts of a statement, each with a mark and all with aligned values. `issuer` is the prefix of the
 * cluster's condition keys, which is left out.
 */
export function partLines(
  parts: readonly StatementPart[],
  issuer: string | undefined,
  style: Style
): string[] {
  const isOthers = parts.some(({ name, isMet }) => name === 'principal' && isMet === false)
  // The statement is for other principals, so its conditions do not matter here.
  const shown =
    isOthers && style.verbosity !== 'verbose' ? parts.filter(({ operator }) => operator === undefined) : parts
  const rows = shown.map((part) => ({ part, name: escapeText(shortKeyOf(part.name, issuer)) }))
  const width = rows.reduce(
    (max, { name }) => (name.length > longestName ? max : Math.max(max, name.length)),
    0
  )
  const indent = ' '.repeat(width + 8)

  return rows.flatMap(({ part, name }) => {
    const mark = part.isMet === undefined ? 'unknown' : part.isMet ? 'ok' : 'wrong'
    const start = `    ${markOf(mark, style)} ${name}`
    const [first = '', ...rest] = valueLines(part, indent, style)

    return name.length <= width
      ? [`${start}${' '.repeat(width - name.length)}  ${first.slice(indent.length)}`, ...rest]
      : [start, first, ...rest]
  })
}

const longestName = 24

const shortKeyOf = (key: string, issuer: string | undefined): string =>
  issuer !== undefined && key.toLowerCase().startsWith(`${issuer.toLowerCase()}:`)
    ? key.slice(issuer.length + 1)
    : key

/**
 * The lines that show the value of a part. If the request does not meet the part, they show what the policy
 * requires and, if it is known, what the request has instead.
 */
function valueLines(part: StatementPart, indent: string, style: Style): string[] {
  const { name, isMet, operator, wanted, actual, isAbsent = false, excerpt } = part
  const how = operator === undefined || operator === 'StringEquals' ? '' : ` (${operator})`
  const required = `${wanted.length === 0 ? 'nothing' : fewOf(wanted.map(shortProvider).map(safe), style)}${how}`
  const paragraph = (label: string, text: string): string[] =>
    wrapped(text, `${indent}${label}`, style, `${indent}${' '.repeat(label.length)}`)
  if (isMet === true)
    return name === 'principal'
      ? [`${indent}${cut(required, indent.length, style)}`]
      : paragraph('', metText(part, required))
  if (isMet === undefined) return paragraph('', `${required}: depends on the request`)
  if (name === 'principal') return paragraph('', `policy trusts ${required}`)

  const holder = name === 'action' ? 'needed  ' : /:(?:sub|aud)$/i.test(name) ? 'token   ' : 'request '
  const marked = excerptLines(excerpt, `${indent}${' '.repeat(holder.length)}`, style)

  return [
    ...paragraph('policy  ', required),
    ...(isAbsent
      ? paragraph(holder, 'has no such key')
      : actual === undefined
        ? []
        : paragraph(holder, safe(actual))),
    ...marked.slice(1)
  ]
}

/** The value that is admitted, and what admits it if that is a pattern or a negation. */
function metText({ name, wanted, actual }: StatementPart, required: string): string {
  if (actual === undefined) return required

  return name === 'action' || wanted.includes(actual) ? safe(actual) : `${safe(actual)}, by ${required}`
}

/** Text that is cut off at the terminal's width, unless the output is verbose. */
function cut(text: string, start: number, { width = Infinity, ascii, verbosity }: Style): string {
  const end = ascii ? '...' : '…'
  const room = Math.max(width - start - end.length, 1)

  return start + text.length <= width || verbosity === 'verbose' ? text : `${text.slice(0, room)}${end}`
}

/** A value that is safe to print; quoted if its start or end would not be visible otherwise. */
const safe = (text: string): string =>
  text === '' || text !== text.trim() || text.length > 200 ? quote(text) : escapeText(text)

/** An OIDC provider without the part of its ARN that all providers of an account share. */
const shortProvider = (text: string): string => text.replace(/^arn:[^:]*:iam::\d{12}:oidc-provider\//, '')
