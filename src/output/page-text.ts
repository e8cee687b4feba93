import { shorten } from '../text/escape.js'
import { paint, type Style, wrapped } from './style.js'

/**
 * A page of the documentation for a terminal. It supports the Markdown that rule pages use: headings,
 * paragraphs, flat lists, tables, fenced code, and inline code, links and emphasis. `docsUrl` is the address
 * of the documentation's root.
 */
export function pageTextOf(markdown: string, style: Style, docsUrl: string): string {
  const blocks = blocksOf(markdown.trimEnd().split('\n'))

  return `${blocks.map((block) => blockText(block, style, docsUrl)).join('\n\n')}\n`
}

type Block = readonly [string, ...string[]]

/** Splits a page at blank lines, except within code. */
function blocksOf(lines: readonly string[]): Block[] {
  const blocks: [string, ...string[]][] = []
  let isOpen = false
  let isCode = false
  for (const line of lines) {
    const last = blocks.at(-1)
    if (last !== undefined && isOpen && (isCode || line !== '')) last.push(line)
    else if (line !== '') blocks.push([line])
    if (line.startsWith(fence)) isCode = !isCode
    isOpen = isCode || line !== ''
  }

  return blocks
}

const fence = '```'
const item = '- '
const longestLine = 160 // of code; the caBundles in examples are longer

function blockText(block: Block, style: Style, docsUrl: string): string {
  const [first] = block
  if (first.startsWith('#')) return paint(first.replace(/^#+ /, ''), 'bold', style)
  if (first.startsWith(fence))
    return block
      .slice(1, -1)
      .map((line) => (line === '' || style.verbosity === 'verbose' ? line : shorten(line, longestLine)))
      .map((line) => (line === '' ? '' : `      ${line}`))
      .join('\n')
  const paragraphs = first.startsWith('|') ? rowsOf(block) : itemsOf(block)

  return paragraphs.flatMap((lines) => paragraph(lines, style, docsUrl)).join('\n')
}

/** The rows of a table as items: the first cell, followed by the others. */
const rowsOf = ([, , ...rows]: Block): Block[] =>
  rows.map((row) => [
    `${item}${row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
      .join(': ')}`
  ])

/** The items of a list, or a paragraph as it is. */
function itemsOf(lines: Block): Block[] {
  const items: [string, ...string[]][] = []
  for (const line of lines) {
    const last = items.at(-1)
    if (last === undefined || line.startsWith(item)) items.push([line])
    else last.push(line)
  }

  return items
}

/** In a pipe, lines break as they do in the page; on a terminal, they wrap at its width. */
function paragraph(lines: Block, style: Style, docsUrl: string): string[] {
  const rest = lines[0].startsWith(item) ? '    ' : '  '
  const text = inlineText(lines.map((line) => line.trim()).join('\n'), docsUrl)

  return style.width === undefined
    ? text.split('\n').map((line, index) => `${index === 0 ? '  ' : rest}${line}`)
    : wrapped(text.replaceAll('\n', ' '), '  ', style, rest)
}

/** Text without links and emphasis. Code keeps its backticks, so that a command in a sentence stands out. */
const inlineText = (text: string, docsUrl: string): string =>
  text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? part : withoutEmphasis(part)))
    .join('`')
    .replace(links, (_, label: string, target: string) =>
      target.startsWith('../') ? `${label} (${docsUrl}/${target.slice(3).replace('.md', '')})` : label
    )

// Bounded, so that text of nothing but brackets takes linear time.
const links = /\[([^[\]]{1,200})\]\(([^()]{1,200})\)/g

const withoutEmphasis = (text: string): string =>
  text.replaceAll('**', '').replace(/(?<=^|[\s(])_|_(?=$|[\s.,;:)])/g, '')
