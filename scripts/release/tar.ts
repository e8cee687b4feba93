import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** A file in an archive. `path` has slashes only, and does not begin with one. */
export interface ArchiveFile {
  readonly path: string
  readonly content: Buffer | string
  readonly executable?: boolean
}

/**
 * A tar archive of the files and of the folders that they are in. The bytes depend on nothing but the
 * arguments: the owner is root, everything is dated `at`, and permissions on disk do not matter.
 */
export async function tarOf(files: readonly ArchiveFile[], at: Date): Promise<Buffer> {
  const archive = pack()
  const folders = new Set<string>()
  for (const { path, content, executable = false } of files) {
    const parts = path.split('/')
    for (let depth = 1; depth < parts.length; depth++) {
      const name = `${parts.slice(0, depth).join('/')}/`
      if (!folders.has(name)) archive.entry({ name, type: 'directory', mode: 0o755, mtime: at })
      folders.add(name)
    }
    archive.entry({ name: path, mode: executable ? 0o755 : 0o644, mtime: at }, Buffer.from(content))
  }
  archive.finalize()

  return buffer(archive)
}

/** Compresses an archive. The gzip header that Node writes contains no time and no file name. */
export const gzip = (archive: Buffer): Buffer => gzipSync(archive, { level: 9 })

/** The file at `source`, or all files below it, in alphabetical order and below `path` in the archive. */
export function filesBelow(source: string, path: string): readonly ArchiveFile[] {
  const names = statSync(source).isDirectory()
    ? readdirSync(source, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(source.length + 1))
        .sort()
    : undefined

  return names === undefined
    ? [{ path, content: readFileSync(source) }]
    : names.map((name) => ({ path: `${path}/${name}`, content: readFileSync(join(source, name)) }))
}
