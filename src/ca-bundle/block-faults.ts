import { decodeBase64 } from '../x509/base64.js'
import type { FaultKind, FaultTally } from './faults.js'

/** Finds out why Go skips PEM blocks that a person would recognize. Runs in linear time. */
export function findBlockFaults(text: string, found: FaultTally): void {
  const nextEnd = forwardSearch(text, endMark)
  const nextBegin = forwardSearch(text, beginMark)
  for (const begin of text.matchAll(beginPattern)) blockFaults(begin, text, { nextEnd, nextBegin }, found)
}

/** The fault of a block whose label is not CERTIFICATE. */
export function labelFault(label: string): FaultKind {
  if (label.endsWith('PRIVATE KEY')) return 'private-key'
  if (label.endsWith('CERTIFICATE REQUEST')) return 'certificate-request'

  return label === 'PKCS7' || label === 'CMS' ? 'pkcs7' : 'wrong-label'
}

const beginMark = '-----BEGIN '
const endMark = '-----END '
const beginPattern = /-----BEGIN ([^\r\n-]{0,64})-----/g

/** Determines, from the text around BEGIN and END, why Go skips a block that a person would recognize. */
function blockFaults(begin: RegExpExecArray, text: string, marks: Marks, found: FaultTally): void {
  const { index: start } = begin
  const label = begin[1] ?? ''
  const kind = beginFault(text, start) ?? endFault(text, start + begin[0].length, label, marks)
  if (kind !== undefined) found.add(kind, start)
  // A person can still read a key that Go skips.
  if (kind !== undefined && labelFault(label) === 'private-key') found.add('private-key', start)
}

function beginFault(text: string, start: number): FaultKind | undefined {
  const before = text.slice(Math.max(0, start - 200), start) // enough to tell what kind of line this is
  if (before === '' || before.endsWith('\n')) return undefined
  if (before.endsWith('\u00ef\u00bb\u00bf')) return 'byte-order-mark'
  if (before.endsWith('\\n')) return 'literal-line-ends'
  if (before.endsWith('\r')) return 'carriage-returns'
  if (before.endsWith('-----')) return 'glued'

  return /(?:^|\n)[ \t]+$/.test(before) ? 'indented' : 'text-beside'
}

/** Finds the next END or BEGIN from a position, which must never decrease from one call to the next. */
interface Marks {
  readonly nextEnd: (from: number) => number
  readonly nextBegin: (from: number) => number
}

/**
 * An indexOf that remembers its last result, so that searches from increasing positions together make one
 * pass over the text.
 */
function forwardSearch(text: string, mark: string): (from: number) => number {
  let last = -2 // not yet searched
  return (from) => {
    if (last === -2 || (last !== -1 && last < from)) last = text.indexOf(mark, from)
    return last
  }
}

function endFault(text: string, bodyStart: number, label: string, marks: Marks): FaultKind | undefined {
  const end = marks.nextEnd(bodyStart)
  const begin = marks.nextBegin(bodyStart)
  if (end < 0 || (begin >= 0 && begin < end)) return 'truncated'

  const body = text.slice(bodyStart, end)
  if (!body.endsWith('\n')) {
    if (body.includes('\\n')) return 'literal-line-ends'
    if (body.includes('\r') && !body.includes('\n')) return 'carriage-returns'

    return /\n[ \t]+$/.test(body) ? 'indented' : 'text-beside'
  }
  const closing = end + endMark.length + label.length
  if (text.slice(end + endMark.length, closing + 5) !== `${label}-----`) return 'truncated'

  const after = /^[ \t]*(.?)/.exec(text.slice(closing + 5, closing + 69))?.[1] ?? ''
  if (after === '-') return 'glued'
  if (after === '\\') return 'literal-line-ends'
  if (after !== '' && after !== '\r') return 'text-beside'

  return body.includes(':') || decodeBase64(body.replace(/[ \t]+/g, '')) !== undefined ? undefined : 'damaged'
}
