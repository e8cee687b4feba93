import { type ManifestObject, parseManifest } from '../../input/manifests.js'
import { GuardError } from '../../model/guard-error.js'
import { notAnObject } from '../../model/kubernetes-object.js'
import { shortList } from '../../text/escape.js'
import { listManifestFiles } from './manifest-files.js'
import { loadInput } from './read-input.js'
import type { Terminal } from './terminal.js'

/**
 * Reads all manifests: their objects, and an error message for each input that could not be read. In a
 * directory, files that contain no Kubernetes object are skipped, unless no file contains one.
 */
export async function readManifests(
  paths: readonly string[],
  terminal: Terminal
): Promise<{ objects: readonly ManifestObject[]; complaints: readonly string[] }> {
  const objects: ManifestObject[] = []
  const complaints: string[] = []
  const others: string[] = []
  const files = await listManifestFiles(paths)

  for (const { file, isNamed } of files) {
    const text = await loadInput(file, terminal, 'manifests in YAML or JSON').catch((error: unknown) => {
      if (!(error instanceof GuardError)) throw error
      complaints.push(error.message)
    })
    if (text === undefined) continue
    const manifest = parseManifest(file === '-' ? 'stdin' : file, text)
    for (const manifestObject of manifest.objects) {
      const other = notAnObject(manifestObject.object)
      if (other === undefined) objects.push(manifestObject)
      else {
        const place = `${manifestObject.file}:${manifestObject.lineOf([])}`
        ;(isNamed ? complaints : others).push(`${place}: ${other.is}; ${other.fix}`)
      }
    }
    for (const { file, line, message } of manifest.unreadable) complaints.push(`${file}:${line}: ${message}`)
  }
  if (objects.length === 0 && complaints.length === 0 && !files.some(({ isNamed }) => isNamed))
    complaints.push(...others, `no Kubernetes objects in ${shortList(paths)}`)

  return { objects, complaints }
}
