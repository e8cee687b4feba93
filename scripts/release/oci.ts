import { createHash } from 'node:crypto'
import { tarOf } from './tar.ts'

/** What points to content: https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platform?: Platform
  readonly annotations?: Readonly<Record<string, string>>
}

/** A kind of machine. `variant` is that of its processor, such as `v8`. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

export const indexType = 'application/vnd.oci.image.index.v1+json'
export const manifestType = 'application/vnd.oci.image.manifest.v1+json'

export const digestOf = (content: Buffer | string): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`

/** An OCI image layout: https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
export class Layout {
  readonly #blobs = new Map<string, Buffer>()

  /** Adds a blob. An object becomes JSON. */
  add(mediaType: string, content: Buffer | object): Descriptor {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    const digest = digestOf(bytes)
    this.#blobs.set(digest, bytes)

    return { mediaType, digest, size: bytes.length }
  }

  /** The layout as a tar archive that names `root`. */
  async archive(root: Descriptor, at: Date): Promise<Buffer> {
    const blobs = [...this.#blobs].sort(([one], [other]) => (one < other ? -1 : 1))

    return tarOf(
      [
        { path: 'oci-layout', content: JSON.stringify({ imageLayoutVersion: '1.0.0' }) },
        {
          path: 'index.json',
          content: JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [root] })
        },
        ...blobs.map(([digest, content]) => ({ path: `blobs/${digest.replace(':', '/')}`, content }))
      ],
      at
    )
  }
}
