import { mkdir, mkdtemp, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { startPolling } from './polling.ts'
import { makeObjectReader } from './read-object.ts'
import type { ControlPlane } from './start.ts'

/** Which Secret is copied, and to which folder. */
export interface MirrorOptions {
  namespace: string
  name: string
  folder: string
}

/** A folder that follows a Secret. */
export interface Mirror {
  /** Resolves when the Secret is there for the first time and its files are in the folder. */
  mounted: Promise<undefined>
  /** Ends the copying; the files stay. */
  stop(): Promise<void>
}

/**
 * Copies a Secret to a folder as a kubelet mounts it, within half a second of each change: the files are
 * links through `..data`, which is swapped atomically, so that a reader sees all of the old Secret or all of
 * the new one. As in a pod, a deleted Secret leaves its last files.
 */
export function mirrorSecret(controlPlane: ControlPlane, { namespace, name, folder }: MirrorOptions): Mirror {
  const { promise: mounted, resolve } = Promise.withResolvers<undefined>()
  const reader = makeObjectReader(controlPlane)
  let seen: string | undefined
  const stop = startPolling(250, async () => {
    const secret = await (
      await reader
    )(`/api/v1/namespaces/${namespace}/secrets/${name}`).catch(() => undefined) // API server away
    if (!isSecret(secret) || secret.metadata.resourceVersion === seen) return

    await writeMount(folder, secret.data ?? {})
    seen = secret.metadata.resourceVersion
    resolve(undefined)
  })
  return { mounted, stop }
}

interface Secret {
  metadata: { resourceVersion: string }
  data?: Record<string, string>
}

function isSecret(object: unknown): object is Secret {
  return typeof object === 'object' && object !== null && 'kind' in object && object.kind === 'Secret'
}

/** https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/atomic_writer.go lists the steps. */
async function writeMount(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true })
  const current = join(folder, '..data')
  const old = await readlink(current).catch(() => undefined) // the first time there is none
  const oldNames = old === undefined ? [] : await readdir(join(folder, old))

  const fresh = await mkdtemp(`${folder}/..${new Date().toISOString()}.`) // not join(), which would take the dots for the folder above
  for (const [file, base64] of Object.entries(files))
    await writeFile(join(fresh, file), Buffer.from(base64, 'base64'))

  await symlink(basename(fresh), `${current}_tmp`)
  await rename(`${current}_tmp`, current)
  for (const file of Object.keys(files)) {
    if (!oldNames.includes(file)) await symlink(join('..data', file), join(folder, file))
  }
  for (const file of oldNames) if (!(file in files)) await rm(join(folder, file))
  if (old !== undefined) await rm(join(folder, old), { recursive: true })
}
