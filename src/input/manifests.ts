import { quote } from '../text/escape.js'
import { isRecord, recordOf } from '../text/record.js'
import { parseJsonDocuments } from './json-documents.js'
import type { ManifestDocument } from './manifest-document.js'
import { parseYamlDocuments } from './yaml-documents.js'

/** One object of a manifest, with its position. */
export interface ManifestObject {
  readonly object: Readonly<Record<string, unknown>>
  readonly file: string
  /** The line of a field, or of its nearest parent in the file. The empty path means the object itself. */
  readonly lineOf: (path: readonly string[]) => number
}

/** A document that could not be read. The other documents in its file are still read. */
export interface Unreadable {
  readonly file: string
  readonly line: number
  readonly message: string
}

/**
 * Reads all objects of a manifest: YAML with several documents, JSON (also several, one after the other), and
 * lists of objects. Never throws.
 */
export function parseManifest(
  file: string,
  text: string
): { objects: ManifestObject[]; unreadable: Unreadable[] } {
  const objects: ManifestObject[] = []
  const unreadable: Unreadable[] = []

  for (const document of documentsOf(text)) {
    if ('message' in document) {
      unreadable.push({ file, ...document })
      continue
    }
    const { content, lineOf } = document
    if (content === null || content === undefined) continue // charts often leave empty documents
    for (const { object, prefix, wrong } of membersOf(content)) {
      const lineIn = (path: readonly string[]): number =>
        lineOf(prefix.length === 0 ? path : [...prefix, ...path])
      if (wrong !== undefined) unreadable.push({ file, line: lineIn(['items']), message: wrong })
      else if (isRecord(object)) objects.push({ object, file, lineOf: lineIn })
      else
        unreadable.push({
          file,
          line: lineIn([]),
          message: 'expected a Kubernetes object with apiVersion and kind'
        })
    }
  }

  return { objects, unreadable }
}

function documentsOf(text: string): readonly ManifestDocument[] {
  if (text.includes('\u0000')) return [{ line: 1, message: 'not a UTF-8 text file: it contains NUL bytes' }]

  const { documents, rest } = parseJsonDocuments(text)
  return rest === text.length ? documents : [...documents, ...parseYamlDocuments(text, rest)]
}

interface Member {
  readonly object: unknown
  readonly prefix: readonly string[]
  /** Why this list has no members. */
  readonly wrong?: string
}

/**
 * The objects in a list, including nested lists. Anything that is not a list counts as a list of one.
 */
function membersOf(content: unknown): readonly Member[] {
  const { kind, apiVersion, items } = recordOf(content)
  // Go can write an empty list as `items: null`.
  if (typeof kind !== 'string' || !kind.endsWith('List') || items === undefined || items === null)
    return [{ object: content, prefix: [] }]
  if (!Array.isArray(items)) {
    const found = isRecord(items)
      ? 'an object'
      : typeof items === 'string'
        ? quote(items)
        : JSON.stringify(items)
    return [
      {
        object: content,
        prefix: [],
        wrong: `items of this ${quote(kind)} is ${found}; expected a list of Kubernetes objects`
      }
    ]
  }

  // The API server omits both apiVersion and kind in the items of a ServiceAccountList, and kubectl takes
  // them from the list.
  const itemKind = kind.slice(0, -'List'.length)
  const usual = itemKind === '' ? {} : { apiVersion, kind: itemKind }
  return items.flatMap((item: unknown, index) =>
    membersOf(isRecord(item) && item['kind'] === undefined ? { ...usual, ...item } : item).map(
      ({ prefix, ...member }) => ({
        ...member,
        prefix: ['items', String(index), ...prefix]
      })
    )
  )
}
