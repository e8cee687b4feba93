import { decodeBase64 } from './base64.js'

/** One block that Go's `pem.Decode` returns, and its position in the string as byte offsets. */
export interface PemBlock {
  readonly label: string
  readonly hasHeaders: boolean
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

const begin = '-----BEGIN '
const end = '\n-----END '
const dashes = '-----'

/**
 * Reads the PEM blocks of a string as Go's `encoding/pem` does, in linear time. The string is latin1, one
 * character per byte.
 *
 * Some consequences are surprising. BEGIN counts only at the start of a line, and END must end its line. A
 * leading space, a byte order mark or a missing line break between two blocks therefore makes Go skip blocks.
 * A block that does not parse is skipped silently. If several BEGIN lines precede one END, the last one
 * counts.
 */
export function parsePemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  let at = 0
  while (at < text.length) {
    const block = nextBlock(text, at)
    if (block === undefined) break
    blocks.push(block)
    at = block.end
  }

  return blocks
}

function nextBlock(text: string, from: number): PemBlock | undefined {
  let at = from // never moves backward, so each byte is read a bounded number of times
  for (;;) {
    const endLine = text.indexOf(end, at)
    if (endLine < 0) return undefined

    const trailer = endLine + end.length
    // The string is sliced first, to limit how far the backward search goes. Without the slice, hostile input
    // takes quadratic time.
    const beginInSegment = text.slice(at, endLine).lastIndexOf(begin)
    const beginLine = at + beginInSegment
    if (beginInSegment < 0 || (beginInSegment > 0 && text[beginLine - 1] !== '\n')) {
      at = trailer
      continue
    }

    const typeLine = lineAt(text, beginLine + begin.length)
    if (!typeLine.text.endsWith(dashes)) {
      at = trailer
      continue
    }
    const label = typeLine.text.slice(0, -dashes.length)

    let body = typeLine.next
    let hasHeaders = false
    for (;;) {
      if (body >= text.length) return undefined
      const line = lineAt(text, body)
      if (!line.text.includes(':')) break
      hasHeaders = true
      body = line.next
    }
    if (body > trailer) return undefined // the header lines extend past END: Go gives up here

    // endLine is the line feed before END. In an empty block, this line feed ends the BEGIN line or the last
    // header, so body is right after the line feed.
    const closing = closingOf(text, trailer, label)
    const bytes =
      closing === undefined || (hasHeaders && body > endLine) ? undefined : bodyOf(text, body, endLine)
    if (closing === undefined || bytes === undefined) {
      at = trailer
      continue
    }

    return { label, hasHeaders, bytes, start: beginLine, end: closing }
  }
}

/**
 * The end of the END line if it is well-formed: the same label, five dashes, and then only spaces or tabs.
 */
function closingOf(text: string, trailer: number, label: string): number | undefined {
  const afterDashes = trailer + label.length + dashes.length
  if (text.slice(trailer, afterDashes) !== label + dashes) return undefined

  const rest = lineAt(text, afterDashes)

  return rest.text === '' ? rest.next : undefined
}

function bodyOf(text: string, start: number, endLine: number): Buffer | undefined {
  return start >= endLine ? Buffer.alloc(0) : decodeBase64(text.slice(start, endLine).replace(/[ \t]+/g, ''))
}

/**
 * A line without its line ending (LF or CRLF) and without trailing spaces and tabs. `next` is the start of
 * the following line.
 */
function lineAt(text: string, start: number): { text: string; next: number } {
  const feed = text.indexOf('\n', start)
  let stop = feed < 0 ? text.length : feed
  const next = feed < 0 ? text.length : feed + 1
  if (feed > start && text[feed - 1] === '\r') stop--
  while (stop > start && (text[stop - 1] === ' ' || text[stop - 1] === '\t')) stop--

  return { text: text.slice(start, stop), next }
}
