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

/**
 * The given files, and for each directory the manifests in and below it: `.yaml`, `.yml` and `.json`, except
 * hidden files and directories and `node_modules`. Paths that do not exist are returned as they are.
 */
export async function listManifestFiles(paths: readonly string[]): Promise<ManifestFile[]> {
  const lists = await Promise.all(
    paths.map(async (path) => {
      const isDirectory = path !== '-' && (await stat(path).catch(() => undefined))?.isDirectory() === true

      return isDirectory
        ? (await listDirectory(path)).map((file) => ({ file, isNamed: false }))
        : [{ file: path, isNamed: true }]
    })
  )

  return lists.flat()
}

async function listDirectory(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined)
  if (entries === undefined) return [directory] // reading the directory as a file later produces the error message
  const listed = await Promise.all(
    entries
      .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(async (entry) => {
        const path = join(directory, entry.name)
        if (entry.isDirectory()) return listDirectory(path)

        return /\.(?:ya?ml|json)$/.test(entry.name) ? [path] : []
      })
  )

  return listed.flat()
}
