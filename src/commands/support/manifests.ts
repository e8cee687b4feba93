import { type ManifestObject, parseManifest } from '../../input/manifests.js'
import { GuardError } from '../../model/guard-error.js'
import { notAnObject } from '../../model/kubernetes-object.js'
import { argumentOf, shortList } from '../../text/escape.js'
import { listManifestFiles, type Unrendered } from './manifest-files.js'
import { loadInput } from './read-input.js'
import type { Terminal } from './terminal.js'

/** The objects in manifests, and what could not be read. */
export interface Manifests {
  readonly objects: readonly ManifestObject[]
  /** An error message for each input that could not be read. */
  readonly complaints: readonly string[]
  /** The charts and kustomizations that were not rendered, each with the command that renders it. */
  readonly notes: readonly string[]
}

/**
 * Reads all manifests. In a directory, files that contain no Kubernetes object are skipped, unless no file
 * contains one.
 */
export async function readManifests(paths: readonly string[], terminal: Terminal): Promise<Manifests> {
  const objects: ManifestObject[] = []
  const complaints: string[] = []
  const others: string[] = []
  const { files, unrendered } = await listManifestFiles(paths)
  const notes = unrendered.map(noteOf)

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
    complaints.push(...others, ...notes.splice(0), `no Kubernetes objects in ${shortList(paths)}`)

  return { objects, complaints, notes }
}

function noteOf({ directory, kind }: Unrendered): string {
  const path = argumentOf(directory, 'DIRECTORY')

  return kind === 'chart'
    ? `${directory} is a Helm chart and was not checked; to check what it renders: helm template ${path} | irsa-guard check -`
    : `${directory} is a kustomization and was not built, so only its files were checked; to check what it builds: kubectl kustomize ${path} | irsa-guard check -`
}
