import {
  isMap,
  isScalar,
  LineCounter,
  parseAllDocuments,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type ScalarTag,
  type SchemaOptions
} from 'yaml'
import { isRecord, recordOf } from '../model/record.js'

/** One object of a manifest, with where it stands. */
export interface ManifestObject {
  readonly object: Readonly<Record<string, unknown>>
  readonly file: string
  /** The line of a field (of the object itself: no path), or of the nearest thing around it that stands in the file. */
  readonly lineOf: (path: readonly string[]) => number
}

/** A document that could not be read; the others of its file still are. */
export interface Unreadable {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** Reads all objects of a manifest: YAML with several documents, JSON, and lists of objects. Never throws. */
export function parseManifest(file: string, text: string): { objects: ManifestObject[]; unreadable: Unreadable[] } {
  if (text.includes('\u0000')) {
    return { objects: [], unreadable: [{ file, line: 1, message: 'not a text file in UTF-8: it holds NUL bytes' }] }
  }

  const lineCounter = new LineCounter()
  const objects: ManifestObject[] = []
  const unreadable: Unreadable[] = []

  for (const document of parseAllDocuments(text, { lineCounter, ...asKubectlReads })) {
    const lineAt = (offset: number | undefined): number => (offset === undefined ? 1 : lineCounter.linePos(offset).line)
    const [error] = document.errors
    if (error !== undefined) {
      unreadable.push({ file, line: lineAt(error.pos[0]), message: oneLine(error.message) })
      continue
    }
    try {
      const content: unknown = document.toJS()
      if (content === null || content === undefined) continue // an empty document, as charts leave them
      for (const { object, prefix } of membersOf(content)) {
        const lineOf = (path: readonly string[]): number => lineAt(offsetOf(document, [...prefix, ...path]))
        if (isRecord(object)) objects.push({ object, file, lineOf })
        else unreadable.push({ file, line: lineOf([]), message: 'expected a Kubernetes object, a map with apiVersion and kind' })
      }
    } catch (error) {
      // yaml throws ReferenceError for aliases that do not resolve, or that explode (its maxAliasCount).
      if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error
      unreadable.push({ file, line: lineAt(document.range[0]), message: oneLine(error.message) })
    }
  }

  return { objects, unreadable }
}

/** Go's YAML library makes text of `!!binary`, and knows none of YAML's other types that JSON does not have. */
const binary: ScalarTag = { tag: 'tag:yaml.org,2002:binary', resolve: (base64) => Buffer.from(base64, 'base64').toString() }
const asKubectlReads = {
  merge: true,
  resolveKnownTags: false,
  customTags: (tags) => [binary, ...tags],
  logLevel: 'silent'
} satisfies ParseOptions & DocumentOptions & SchemaOptions

/** The objects of a list, of lists in it too; what is no list is its only member. */
function membersOf(content: unknown): { object: unknown; prefix: string[] }[] {
  const { kind, apiVersion, items } = recordOf(content)
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ object: content, prefix: [] }]

  // The API server leaves both out of the items of a ServiceAccountList, and kubectl takes them from the list.
  const itemKind = kind.slice(0, -'List'.length)
  const usual = itemKind === '' ? {} : { apiVersion, kind: itemKind }
  return items.flatMap((item: unknown, index) =>
    membersOf(isRecord(item) && item['kind'] === undefined ? { ...usual, ...item } : item).map(({ object, prefix }) => ({
      object,
      prefix: ['items', String(index), ...prefix]
    }))
  )
}

function offsetOf(document: Document, path: readonly string[]): number | undefined {
  const parent = path.length === 0 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (path.length > 0 && isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
    if (isScalar(pair?.key) && pair.key.range) return pair.key.range[0]
  }
  const node: unknown = path.length === 0 ? parent : document.getIn(path, true)
  if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) return Number(node.range[0])

  return path.length === 0 ? document.range?.[0] : offsetOf(document, path.slice(0, -1))
}

function oneLine(message: string): string {
  const line = message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message

  return line === 'Maximum call stack size exceeded' ? 'it nests too deeply to be read' : line
}
