import { join } from 'node:path'
import { type Descriptor, digestOf, indexType, Layout, manifestType } from './oci.ts'
import type { PinnedImage, PulledImage } from './registry.ts'
import { filesBelow, gzip, tarOf } from './tar.ts'

/** The last stage of the Dockerfile: what is added to which base image. */
export interface ImageRecipe {
  readonly base: PinnedImage
  /** Paths in the checkout, each with its path in the image. */
  readonly copies: readonly { readonly from: string; readonly to: string }[]
  /** In the format of an OCI image configuration. */
  readonly config: {
    readonly Env: readonly string[]
    readonly WorkingDir: string
    readonly User: string
    readonly ExposedPorts: Readonly<Record<string, object>>
    readonly Entrypoint: readonly string[]
  }
}

/** Where the Dockerfile's build stage has the checkout. */
const buildFolder = '/build/'

/** Reads the last stage of a Dockerfile. Throws an error for an instruction that it does not know. */
export function parseRecipe(dockerfile: string): ImageRecipe {
  const instructions = dockerfile
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ name: line.replace(/ .*/, ''), words: line.split(' ').slice(1), line }))
  const stage = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'))
  const copies: { from: string; to: string }[] = []
  const config = {
    Env: [] as string[],
    WorkingDir: '/',
    User: '',
    ExposedPorts: {},
    Entrypoint: [] as string[]
  }
  let base: PinnedImage | undefined
  for (const { name, words, line } of stage) {
    if (name === 'FROM') base = parsePinned(words[0] ?? '')
    else if (name === 'WORKDIR') config.WorkingDir = words[0] ?? ''
    else if (name === 'ENV') config.Env.push(...words)
    else if (name === 'USER') config.User = words[0] ?? ''
    else if (name === 'EXPOSE')
      config.ExposedPorts = Object.fromEntries(words.map((port) => [`${port}/tcp`, {}]))
    else if (name === 'ENTRYPOINT') config.Entrypoint = JSON.parse(words.join(' ')) as string[]
    else if (name === 'COPY' && words[0] === '--from=bundle')
      copies.push(...copiesOf(words.slice(1), config.WorkingDir))
    else
      throw new Error(
        `Dockerfile: "${line}" is not supported in the last stage; expected FROM, WORKDIR, COPY --from=bundle, ENV, USER, EXPOSE or ENTRYPOINT`
      )
  }
  if (base === undefined) throw new Error('Dockerfile: there is no FROM')

  return { base, copies, config }
}

function parsePinned(reference: string): PinnedImage {
  const [, registry, repository, digest] =
    /^([^/]+)\/([^:@]+(?:\/[^:@]+)*)(?::[\w.-]+)?@(sha256:[0-9a-f]{64})$/.exec(reference) ?? []
  if (registry === undefined || repository === undefined || digest === undefined)
    throw new Error(
      `Dockerfile: the base image is "${reference}"; expected REGISTRY/REPOSITORY:TAG@sha256:DIGEST; append the digest that crane digest ${reference} prints`
    )

  return { registry, repository, digest }
}

/** `COPY` puts files into the target folder, and the content of a folder into the target itself. */
function copiesOf(words: readonly string[], workingFolder: string): { from: string; to: string }[] {
  const target = join(workingFolder, words.at(-1) ?? '')

  return words.slice(0, -1).map((source) => {
    if (!source.startsWith(buildFolder))
      throw new Error(`Dockerfile: COPY from "${source}"; expected a path in ${buildFolder}`)
    const from = source.slice(buildFolder.length)

    return { from, to: (target.endsWith('/') ? join(target, from.replace(/.*\//, '')) : target).slice(1) }
  })
}

/** What an image is called and made from. `created` is the time of everything in it. */
export interface ImageIdentity {
  readonly name: string
  readonly version: string
  readonly commit: string
  readonly created: Date
}

/** Adds the files in `folder` to the base image: an OCI image layout with one image for each platform. */
export async function imageArchive(
  { base, copies, config }: ImageRecipe,
  bases: readonly PulledImage[],
  folder: string,
  { name, version, commit, created }: ImageIdentity
): Promise<Buffer> {
  const annotations = {
    'org.opencontainers.image.title': name,
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.revision': commit,
    'org.opencontainers.image.created': created.toISOString(),
    'org.opencontainers.image.licenses': 'Apache-2.0',
    'org.opencontainers.image.base.name': `${base.registry}/${base.repository}`,
    'org.opencontainers.image.base.digest': base.digest
  }
  const added = await tarOf(
    copies.flatMap(({ from, to }) => filesBelow(join(folder, from), to)),
    created
  )
  const layout = new Layout()
  const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'

  const manifests = bases.map(({ platform, config: inherited, layers }): Descriptor => {
    const image = {
      ...inherited,
      ...platform,
      created: created.toISOString(),
      config: {
        ...inherited.config,
        ...config,
        Env: [...(inherited.config?.Env ?? []).filter((line) => !isSetIn(config.Env, line)), ...config.Env],
        Cmd: undefined, // ENTRYPOINT resets it
        Labels: annotations
      },
      rootfs: { ...inherited.rootfs, diff_ids: [...inherited.rootfs.diff_ids, digestOf(added)] },
      history: [
        ...(inherited.history ?? []),
        { created: created.toISOString(), created_by: 'npm run release', comment: `${name} ${version}` }
      ]
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestType,
      config: layout.add('application/vnd.oci.image.config.v1+json', image),
      layers: [...layers, { mediaType: layerType, content: gzip(added) }].map(({ mediaType, content }) =>
        layout.add(mediaType, content)
      ),
      annotations
    }

    return { ...layout.add(manifestType, manifest), platform }
  })
  const index = layout.add(indexType, { schemaVersion: 2, mediaType: indexType, manifests, annotations })

  // containerd takes the name of the image from the first annotation. All other tools take its tag from the second.
  return layout.archive(
    {
      ...index,
      annotations: {
        'io.containerd.image.name': `docker.io/library/${name}:${version}`,
        'org.opencontainers.image.ref.name': version
      }
    },
    created
  )
}

const isSetIn = (environment: readonly string[], line: string): boolean =>
  environment.some((other) => other.split('=')[0] === line.split('=')[0])
