import { isMap, isScalar, LineCounter, parseAllDocuments, type Document } from 'yaml'
import { isRecord } from '../model/subject.js'

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
  if (text.includes('\u0000')) return { objects: [], unreadable: [{ file, line: 1, message: 'not a text file: it holds NUL bytes' }] }

  const lineCounter = new LineCounter()
  const objects: ManifestObject[] = []
  const unreadable: Unreadable[] = []

  for (const document of parseAllDocuments(text, { lineCounter, merge: true, logLevel: 'silent' })) {
    const lineAt = (offset: number | undefined): number => (offset === undefined ? 1 : lineCounter.linePos(offset).line)
    const [error] = document.errors
    if (error !== undefined) {
      unreadable.push({ file, line: lineAt(error.pos[0]), message: oneLine(error.message) })
      continue
    }
    try {
      const content: unknown = document.toJS()
      if (content === null || content === undefined) continue // an empty document, as charts leave them
      if (!isRecord(content)) {
        unreadable.push({
          file,
          line: lineAt(document.contents?.range[0]),
          message: 'expected a Kubernetes object, a map with apiVersion and kind'
        })
        continue
      }
      for (const { object, prefix } of membersOf(content)) {
        const lineOf = (path: readonly string[]): number => lineAt(offsetOf(document, [...prefix, ...path]))
        objects.push({ object, file, lineOf })
      }
    } catch (error) {
      // yaml throws ReferenceError for aliases that do not resolve, or that explode (its maxAliasCount).
      if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error
      unreadable.push({ file, line: lineAt(document.range[0]), message: oneLine(error.message) })
    }
  }

  return { objects, unreadable }
}

function membersOf(content: Readonly<Record<string, unknown>>): { object: Readonly<Record<string, unknown>>; prefix: string[] }[] {
  const kind = content['kind']
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(content['items'])) return [{ object: content, prefix: [] }]

  return content['items'].flatMap((item: unknown, index) =>
    isRecord(item) ? membersOf(item).map(({ object, prefix }) => ({ object, prefix: ['items', String(index), ...prefix] })) : []
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

const oneLine = (message: string): string => message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message
