import {
  type Document,
  type DocumentOptions,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  type ParseOptions,
  type Scalar,
  type ScalarTag,
  type SchemaOptions,
  visit,
  type YAMLMap,
  type YAMLParseError,
  type YAMLSeq
} from 'yaml'
import { enclosedIn, quote } from '../text/escape.js'
import { memoizeLast } from '../text/memoize.js'
import { isAliasBomb } from './alias-size.js'
import { expandFunctions, isTemplate } from './cloudformation-tags.js'
import type { ManifestDocument } from './manifest-document.js'

/** Reads the YAML documents in a text, beginning at a position, as kubectl does. Never throws. */
export function parseYamlDocuments(text: string, start: number): ManifestDocument[] {
  const lineCounter = new LineCounter()
  const linesBefore = text.slice(0, start).split('\n').length - 1
  const lineAt = (offset: number | undefined): number =>
    linesBefore + (offset === undefined ? 1 : lineCounter.linePos(offset).line)
  const yaml = text.slice(start)
  const hasAnchors = yaml.includes('&')
  const hasTags = yaml.includes('!')
  const hasBraces = yaml.includes('{{')

  return parseAllDocuments(yaml, { lineCounter, ...asKubectlReads }).map((document) => {
    const [error] = document.errors
    if (error !== undefined) return { line: lineAt(error.pos[0]), message: messageOf(error, document, yaml) }

    const template = hasBraces ? mapAsKey(document) : undefined
    if (template !== undefined)
      return { line: lineAt(template), message: unrendered(templateNear(yaml, template) ?? '{{') }

    if (hasTags && isTemplate(document)) expandFunctions(document)
    try {
      if (hasAnchors) resolveQuickly(document)
      const content: unknown = document.toJS({ maxAliasCount: -1 })
      if (hasAnchors && isAliasBomb(content))
        return { line: lineAt(document.range[0]), message: 'its YAML aliases expand to too much data' }
      return { content, lineOf: (path) => lineAt(offsetOf(document, path)) }
    } catch (error) {
      // The yaml library throws ReferenceError for aliases that do not resolve, and RangeError for text that
      // is nested too deeply.
      if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error
      return { line: lineAt(document.range[0]), message: oneLine(error.message) }
    }
  })
}

/**
 * Go's YAML library decodes `!!binary` to a string, and supports none of YAML's other types that JSON lacks.
 */
const binary: ScalarTag = {
  tag: 'tag:yaml.org,2002:binary',
  resolve: (base64) => Buffer.from(base64, 'base64').toString()
}
const asKubectlReads = {
  merge: true,
  resolveKnownTags: false,
  customTags: (tags) => [binary, ...tags],
  logLevel: 'silent',
  prettyErrors: false
} satisfies ParseOptions & DocumentOptions & SchemaOptions

/**
 * Resolves all aliases in one pass. The yaml library searches all previous anchors and aliases for each
 * alias, so 100,000 aliases would take minutes.
 */
function resolveQuickly(document: Document): void {
  const anchored = new Map<string, Node>()
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchored.set(node.anchor, node)
        return
      }
      const source = anchored.get(node.source)
      const resolve = node.resolve.bind(node)
      // An alias whose value the yaml library has not built yet is left to the library.
      node.resolve = (document, context) =>
        isValue(source) && context?.anchors.get(source)?.res !== undefined
          ? source
          : resolve(document, context)
    }
  })
}

const isValue = (node: Node | undefined): node is Scalar | YAMLMap | YAMLSeq =>
  isScalar(node) || isCollection(node)

function offsetOf(document: Document, path: readonly string[]): number | undefined {
  const parent = path.length === 0 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (path.length > 0 && isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
    if (isScalar(pair?.key) && pair.key.range) return pair.key.range[0]
  }
  const node: unknown = path.length === 0 ? parent : document.getIn(path, true)
  if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
    return Number(node.range[0])

  return path.length === 0 ? document.range?.[0] : offsetOf(document, path.slice(0, -1))
}

function messageOf(
  { code, message, pos: [offset] }: Pick<YAMLParseError, 'code' | 'message' | 'pos'>,
  document: Document,
  text: string
): string {
  const template = templateNear(text, offset)
  if (template !== undefined) return unrendered(template)
  if (code === 'DUPLICATE_KEY') {
    const key = keyAt(document, offset)
    if (key !== undefined) return `duplicate key ${quote(key)}; remove one`
  }

  // The library's own message does not help with text that is not YAML at all, such as prose.
  return code === 'MULTILINE_IMPLICIT_KEY' ? 'this is not YAML or JSON' : oneLine(message)
}

const unrendered = (template: string): string =>
  `this looks like an unrendered Helm template (${quote(template)}); render it first: helm template … | irsa-guard check -`

/**
 * The template expression that probably caused an error. It is in the line of the error, in the line before
 * (a line that begins with an expression is often an error only together with the next), or at the beginning
 * of the text.
 */
function templateNear(text: string, offset: number): string | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const start = lineStart < 2 ? 0 : text.lastIndexOf('\n', lineStart - 2) + 1
  const end = text.indexOf('\n', offset)
  const near = text.slice(start, end === -1 ? text.length : end)

  return enclosedIn(near, '{{', '}}') ?? templateAtStart(text)
}

/** Memoized, because it is called for every unreadable document of the same text. */
const templateAtStart = memoizeLast((text: string): string | undefined => /^\s*(\{\{.*)/.exec(text)?.[1])

/**
 * The position of a mapping that is used as a key, which is how YAML parses `name: {{ .Values.name }}`. JSON
 * has no such keys.
 */
function mapAsKey(document: Document): number | undefined {
  let found: number | undefined
  visit(document, {
    Pair: (_, { key }) => {
      if (!isMap(key)) return undefined
      found = key.range?.[0]
      return visit.BREAK
    }
  })

  return found
}

function keyAt(document: Document, offset: number): string | undefined {
  let found: string | undefined
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key) || key.range?.[0] !== offset) return undefined
      found = String(key.value)
      return visit.BREAK
    }
  })

  return found
}

function oneLine(message: string): string {
  const line = message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message

  return line === 'Maximum call stack size exceeded' ? 'it is nested too deeply' : line
}
