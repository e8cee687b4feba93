import { type Descriptor, digestOf, indexType, manifestType, type Platform } from './oci.ts'

/** An image in a registry, pinned by the digest of its index. */
export interface PinnedImage {
  readonly registry: string
  readonly repository: string
  readonly digest: string
}

/** One platform's part of an image, as it is in the registry. */
export interface PulledImage {
  readonly platform: Platform
  readonly config: ImageConfig
  /** Compressed, as they are distributed. */
  readonly layers: readonly { readonly mediaType: string; readonly content: Buffer }[]
}

/** The parts of https://github.com/opencontainers/image-spec/blob/main/config.md that are used. */
export interface ImageConfig {
  readonly config?: { readonly Env?: readonly string[]; readonly [key: string]: unknown }
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] }
  readonly history?: readonly object[]
  readonly [key: string]: unknown
}

/** The registry did not answer, or did not return the requested content. */
export class RegistryUnavailable extends Error {}

interface Index {
  readonly manifests?: readonly Descriptor[]
}

interface Manifest {
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

/** Docker's own media types, each with the OCI type for the same content. */
const dockerTypes: Readonly<Record<string, string>> = {
  'application/vnd.docker.distribution.manifest.list.v2+json': indexType,
  'application/vnd.docker.distribution.manifest.v2+json': manifestType,
  'application/vnd.docker.image.rootfs.diff.tar.gzip': 'application/vnd.oci.image.layer.v1.tar+gzip'
}

/**
 * Pulls an image for some platforms, without credentials:
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull. Rejects with
 * `RegistryUnavailable`, or with another error if the content is not what the digest promises.
 */
export async function pullImage(
  image: PinnedImage,
  architectures: readonly string[]
): Promise<readonly PulledImage[]> {
  const blobs = new Source(image)
  const { manifests = [] } = await blobs.readJson<Index>('manifests', image.digest)

  return Promise.all(
    architectures.map(async (architecture) => {
      const found = manifests.find(
        ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture
      )
      if (found?.platform === undefined)
        throw new Error(
          `${image.repository}@${image.digest} has no image for linux/${architecture}; it has ${manifests.map(({ platform }) => `${platform?.os ?? '?'}/${platform?.architecture ?? '?'}`).join(', ') || 'no platform'}; pin the digest of an index`
        )
      const { config, layers } = await blobs.readJson<Manifest>('manifests', found.digest)

      return {
        platform: found.platform,
        config: await blobs.readJson<ImageConfig>('blobs', config.digest),
        layers: await Promise.all(
          layers.map(async ({ mediaType, digest }) => ({
            mediaType: dockerTypes[mediaType] ?? mediaType,
            content: await blobs.read('blobs', digest)
          }))
        )
      }
    })
  )
}

/** Reads the content of one repository, and verifies its digest. */
class Source {
  readonly #image: PinnedImage
  #authorization: string | undefined

  constructor(image: PinnedImage) {
    this.#image = image
  }

  async readJson<Content>(kind: 'manifests' | 'blobs', digest: string): Promise<Content> {
    return JSON.parse((await this.read(kind, digest)).toString('utf8')) as Content // its digest is pinned
  }

  async read(kind: 'manifests' | 'blobs', digest: string): Promise<Buffer> {
    const { registry, repository } = this.#image
    const scheme = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::|$)/.test(registry) ? 'http' : 'https' // as Docker does
    const content = await this.#get(`${scheme}://${registry}/v2/${repository}/${kind}/${digest}`)
    if (digestOf(content) !== digest)
      throw new Error(`${registry}/${repository} sent ${digestOf(content)} instead of ${digest}`)

    return content
  }

  async #get(url: string): Promise<Buffer> {
    try {
      let response = await this.#fetch(url)
      if (response.status === 401) {
        this.#authorization = await anonymousToken(response.headers.get('www-authenticate') ?? '')
        response = await this.#fetch(url)
      }
      if (!response.ok) throw new RegistryUnavailable(`${url} answered ${response.status}`)

      return Buffer.from(await response.arrayBuffer())
    } catch (error) {
      // fetch throws a TypeError if it got no response; its cause says why.
      if (!(error instanceof TypeError)) throw error
      const { message } = error.cause instanceof Error ? error.cause : error
      throw new RegistryUnavailable(`${new URL(url).host} could not be reached: ${message}`, { cause: error })
    }
  }

  #fetch(url: string): Promise<Response> {
    return fetch(url, {
      headers: {
        accept: [indexType, manifestType, ...Object.keys(dockerTypes), '*/*'].join(', '),
        ...(this.#authorization === undefined ? {} : { authorization: this.#authorization })
      }
    })
  }
}

/**
 * The Authorization header for a registry that requires a token even for public images; undefined if no token was issued:
 * https://distribution.github.io/distribution/spec/auth/token/
 */
async function anonymousToken(challenge: string): Promise<string | undefined> {
  const parameters = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value])
  )
  const realm = parameters.get('realm')
  if (!/^bearer /i.test(challenge) || realm === undefined) return undefined

  const url = new URL(realm)
  for (const key of ['service', 'scope']) url.searchParams.set(key, parameters.get(key) ?? '')
  const response = await fetch(url)
  if (!response.ok) return undefined
  const { token, access_token } = (await response.json()) as { token?: string; access_token?: string }

  return `Bearer ${token ?? access_token ?? ''}`
}
