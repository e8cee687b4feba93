import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A file to check. Unless the user named the file itself, documents that are not Kubernetes objects are
 * ignored.
 */
export interface ManifestFile {
  readonly file: string
  readonly isNamed: boolean
}

/** A directory whose manifests have to be rendered by another tool. */
export interface Unrendered {
  readonly directory: string
  readonly kind: 'chart' | 'kustomization'
}

export interface ManifestFiles {
  readonly files: readonly ManifestFile[]
  readonly unrendered: readonly Unrendered[]
}

/**
 * The given files, and for each directory the manifests in and below it: `.yaml`, `.yml` and `.json`, except
 * hidden files and directories and `node_modules`. A Helm chart's templates are not YAML, so a chart is only
 * listed as not rendered. The files of a kustomization are returned, and the kustomization is listed as well,
 * because it may change them. Paths that do not exist are returned as they are.
 */
export async function listManifestFiles(paths: readonly string[]): Promise<ManifestFiles> {
  return joined(
    await Promise.all(
      paths.map(async (path): Promise<ManifestFiles> => {
        const isDirectory = path !== '-' && (await stat(path).catch(() => undefined))?.isDirectory() === true

        return isDirectory ? listDirectory(path) : { files: [{ file: path, isNamed: true }], unrendered: [] }
      })
    )
  )
}

async function listDirectory(directory: string): Promise<ManifestFiles> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined)
  // A directory that cannot be read is returned as a file, so that the later attempt to read it produces the
  // error message.
  if (entries === undefined) return { files: [{ file: directory, isNamed: false }], unrendered: [] }
  const names = entries.map(({ name }) => name)
  if (names.includes('Chart.yaml')) return { files: [], unrendered: [{ directory, kind: 'chart' }] }

  const listed = await Promise.all(
    entries
      .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(async (entry): Promise<ManifestFiles> => {
        const path = join(directory, entry.name)
        if (entry.isDirectory()) return listDirectory(path)

        return {
          files: /\.(?:ya?ml|json)$/.test(entry.name) ? [{ file: path, isNamed: false }] : [],
          unrendered: []
        }
      })
  )
  const { files, unrendered } = joined(listed)

  return {
    files,
    unrendered: names.some((name) => kustomizationNames.has(name))
      ? [{ directory, kind: 'kustomization' }, ...unrendered]
      : unrendered
  }
}

/** https://kubectl.docs.kubernetes.io/references/kustomize/glossary/#kustomization-root */
const kustomizationNames: ReadonlySet<string> = new Set([
  'kustomization.yaml',
  'kustomization.yml',
  'Kustomization'
])

const joined = (lists: readonly ManifestFiles[]): ManifestFiles => ({
  files: lists.flatMap(({ files }) => files),
  unrendered: lists.flatMap(({ unrendered }) => unrendered)
})
