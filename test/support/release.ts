import { cpSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import type { Descriptor } from '../../scripts/release/oci.ts'
import { gzip, tarOf } from '../../scripts/release/tar.ts'
import { findBinaries } from '../control-plane/binaries.ts'
import { type Finished, run } from '../control-plane/run.ts'
import { sha256, type StoredContent } from './registry.ts'

const { kubectl } = await findBinaries()

/** No settings of the user, nor of the workflow in which the tests run. */
const env: NodeJS.ProcessEnv = {
  PATH: `${dirname(kubectl)}${delimiter}${process.env['PATH'] ?? ''}`,
  HOME: tmpdir(),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_DATE: '2026-11-27T12:00:00Z',
  GIT_COMMITTER_DATE: '2026-11-27T12:00:00Z'
}

/** A checkout with a repository of its own, in a folder of its own. */
export interface Checkout {
  readonly folder: string
  edit(file: string, change: (text: string) => string): void
  git(...args: string[]): Promise<string>
  commit(): Promise<void>
  release(args: readonly string[], more?: NodeJS.ProcessEnv): Promise<Finished>
}

/** The files of this checkout as one commit, or a clone of such a repository. */
export async function checkOut(origin?: Checkout): Promise<Checkout> {
  const folder = mkdtempSync(join(tmpdir(), 'irsa-guard-checkout-'))
  const git = async (...args: string[]): Promise<string> => {
    const identity = [
      '-c',
      'user.name=test',
      '-c',
      'user.email=test@example.com',
      '-c',
      'init.defaultBranch=main'
    ]
    const { code, stdout, text } = await run('git', [...identity, ...args], { cwd: folder, env })
    if (code !== 0) throw new Error(text)

    return stdout
  }
  if (origin === undefined) {
    const left = ['.git', '.tap', 'node_modules', 'dist', 'release', 'coverage', '.venv']
    for (const name of readdirSync('.').filter((name) => !left.includes(name)))
      cpSync(name, join(folder, name), { recursive: true })
    await git('init', '--quiet')
  } else await git('clone', '--quiet', origin.folder, '.')
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const checkout: Checkout = {
    folder,
    git,
    edit: (file, change) => {
      writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')))
    },
    commit: async () => {
      await git('add', '--all')
      await git('commit', '--quiet', '--allow-empty', '--message', 'test')
    },
    release: (args, more = {}) =>
      run(process.execPath, ['scripts/release/release.ts', ...args], {
        cwd: folder,
        env: { ...env, ...more }
      })
  }
  if (origin === undefined) await checkout.commit()

  return checkout
}

/** Changes a Dockerfile: the base image is the one with this digest in another registry. */
export const pinBase = (host: string, digest: string) => (dockerfile: string) =>
  dockerfile.replace(/^FROM gcr\.io\/.*$/m, `FROM ${host}/distroless/node:nonroot@${digest}`)

/** Changes a changelog: the version has been released. */
export const dateChangelog = (changelog: string): string =>
  changelog.replace(/^## (\S+), .*$/m, '## $1, 2026-11-27')

/** A small image for two platforms, one in the format of OCI and one in that of Docker, with an attestation. */
export async function baseImage(): Promise<{
  digest: string
  layer: Buffer
  stored: readonly StoredContent[]
}> {
  const unpacked = await tarOf([{ path: 'nodejs/bin/node', content: 'node', executable: true }], new Date(0))
  const layer = gzip(unpacked)
  const stored: StoredContent[] = []
  const store = (
    mediaType: string,
    content: Buffer | object
  ): { mediaType: string; digest: string; size: number } => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    stored.push({ mediaType, content: bytes })

    return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length }
  }
  const manifestFor = (platform: object, config: string, layerType: string, manifest: string): object => ({
    ...store(manifest, {
      schemaVersion: 2,
      mediaType: manifest,
      config: store(config, {
        ...platform,
        config: {
          Env: ['PATH=/usr/bin', 'NODE_ENV=development'],
          Entrypoint: ['/nodejs/bin/node'],
          Cmd: ['--help'],
          User: '0'
        },
        rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(unpacked)}`] },
        history: [{ created_by: 'base' }]
      }),
      layers: [store(layerType, layer)]
    }),
    platform
  })
  const oci = 'application/vnd.oci.image'
  const docker = 'application/vnd.docker'
  const index = store(`${oci}.index.v1+json`, {
    schemaVersion: 2,
    mediaType: `${oci}.index.v1+json`,
    manifests: [
      { ...store(`${oci}.manifest.v1+json`, {}), platform: { os: 'unknown', architecture: 'unknown' } },
      manifestFor(
        { os: 'linux', architecture: 'amd64' },
        `${oci}.config.v1+json`,
        `${oci}.layer.v1.tar+gzip`,
        `${oci}.manifest.v1+json`
      ),
      manifestFor(
        { os: 'linux', architecture: 'arm64', variant: 'v8' },
        `${docker}.container.image.v1+json`,
        `${docker}.image.rootfs.diff.tar.gzip`,
        `${docker}.distribution.manifest.v2+json`
      )
    ]
  })

  return { digest: index.digest, layer, stored }
}

/** Unpacks an archive with the system's tar. */
export async function unpack(archive: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'irsa-guard-unpacked-'))
  const { code, text } = await run('tar', ['-xf', archive, '-C', folder])
  if (code !== 0) throw new Error(text)

  return folder
}

/** An unpacked OCI image layout. Throws an error for a blob whose name is not its digest. */
export function readLayout(folder: string): { root: Descriptor; blobs: ReadonlyMap<string, Buffer> } {
  const { manifests } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
    manifests: readonly Descriptor[]
  }
  const [root, ...others] = manifests
  if (root === undefined || others.length > 0) throw new Error('expected one manifest in index.json')
  const blobs = readdirSync(join(folder, 'blobs/sha256')).map((name) => {
    const content = readFileSync(join(folder, 'blobs/sha256', name))
    if (sha256(content) !== name) throw new Error(`the blob ${name} has the digest ${sha256(content)}`)

    return [`sha256:${name}`, content] as const
  })

  return { root, blobs: new Map(blobs) }
}
