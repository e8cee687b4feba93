import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments } from 'yaml'
import { GuardError } from '../../model/guard-error.js'
import { isRecord, listOf, recordOf } from '../../text/record.js'

/**
 * The objects in manifests/ of this version. Throws ERR_INPUT if the directory is not in the package or the image.
 */
export async function loadShippedObjects(
  start = dirname(fileURLToPath(import.meta.url))
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const folder = findManifests(start)
  const kustomization = recordOf(parse(await readFile(join(folder, 'kustomization.yaml'), 'utf8')))
  const texts = await Promise.all(
    listOf(kustomization['resources']).map(async (file) => readFile(join(folder, String(file)), 'utf8'))
  )

  return texts
    .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as unknown))
    .filter(isRecord)
}

/** The directory next to the package's code, whether it is bundled into one file or not. */
function findManifests(start: string): string {
  for (let folder = start, last = ''; folder !== last; last = folder, folder = dirname(folder)) {
    const manifests = join(folder, 'manifests')
    if (existsSync(join(manifests, 'webhook-trusts.yaml'))) return manifests
  }

  throw new GuardError(
    'ERR_INPUT',
    `the directory manifests/ of this version is not next to the program (${start}), so there is nothing to compare the cluster with`
  )
}
