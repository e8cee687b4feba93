import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Contrib, Enums, Models, Serialize, Spec, Validation } from '@cyclonedx/cyclonedx-library'
import parseLicense from 'spdx-expression-parse'
import type { PinnedImage } from './registry.ts'

interface PackageJson {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version: string; readonly integrity?: string } | undefined>
  >
}

const builder = new Contrib.FromNodePackageJson.Builders.ComponentBuilder(
  new Contrib.FromNodePackageJson.Factories.ExternalReferenceFactory(),
  new Contrib.License.Factories.LicenseFactory((text) => void parseLicense(text))
)

/**
 * A CycloneDX SBOM of the package in `folder`: every package whose code is in its bundles (`bundled` lists their folders), and the base image, if there is an image. Throws an error if an installed package is not the locked one.
 */
export async function sbomOf(
  folder: string,
  bundled: readonly string[],
  { at, base }: { at: Date; base: PinnedImage | undefined }
): Promise<string> {
  const lock = readJson(join(folder, 'package-lock.json')) as Lock
  const root = readJson(join(folder, 'package.json')) as PackageJson
  const own = componentOf(root, `${root.name}@${root.version}`, Enums.ComponentType.Application)
  const packages = new Map(
    bundled.map((path) => {
      const metadata = readJson(join(folder, path, 'package.json')) as PackageJson
      const locked = lock.packages[path]
      if (locked?.version !== metadata.version)
        throw new Error(
          `${path} is version ${metadata.version}, but package-lock.json has ${locked?.version ?? 'no such package'}; run npm ci`
        )
      const component = componentOf(metadata, path) // two folders may contain the same version
      const [, sha512] = /^sha512-(.+)$/.exec(locked.integrity ?? '') ?? []
      if (sha512 !== undefined)
        component.hashes.set(Enums.HashAlgorithm['SHA-512'], Buffer.from(sha512, 'base64').toString('hex'))

      return [path, { metadata, component }] as const
    })
  )
  for (const [path, { metadata, component }] of [
    ['.', { metadata: root, component: own }] as const,
    ...packages
  ])
    for (const name of Object.keys({
      ...metadata.dependencies,
      ...(path === '.' && metadata.devDependencies)
    })) {
      const dependency = resolve(path, name, packages)
      if (dependency !== undefined) component.dependencies.add(dependency.component.bomRef) // else nothing of it is bundled
    }

  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: own, timestamp: at }) })
  for (const { component } of packages.values()) bom.components.add(component)
  if (base !== undefined) {
    const image = imageComponent(base)
    bom.components.add(image)
    own.dependencies.add(image.bomRef)
  }

  return serialized(bom)
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

function componentOf(
  metadata: PackageJson,
  reference: string,
  type = Enums.ComponentType.Library
): Models.Component {
  const component = builder.makeComponent({ ...metadata }, type)
  if (component === undefined) throw new Error(`package.json of ${metadata.name} has no name`)
  component.bomRef.value = reference
  component.purl = `pkg:npm/${metadata.name.replace('@', '%40')}@${metadata.version}`

  return component
}

function imageComponent({ registry, repository, digest }: PinnedImage): Models.Component {
  const name = `${registry}/${repository}`
  const purl = `pkg:oci/${repository.replace(/.*\//, '')}@${encodeURIComponent(digest)}?repository_url=${encodeURIComponent(name)}`
  const component = new Models.Component(Enums.ComponentType.Container, name, {
    version: digest,
    purl,
    bomRef: purl
  })
  component.hashes.set(Enums.HashAlgorithm['SHA-256'], digest.replace('sha256:', ''))

  return component
}

/** What `import name` in a package means: the package in the nearest `node_modules`, as in Node. */
function resolve<Package>(
  from: string,
  name: string,
  packages: ReadonlyMap<string, Package>
): Package | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = packages.get(join(folder, 'node_modules', name))
    if (found !== undefined || folder === '.') return found
  }
}

async function serialized(bom: Models.Bom): Promise<string> {
  const text = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)).serialize(
    bom,
    { sortLists: true, space: 2 }
  )
  const invalid: unknown = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)
  if (invalid !== null) throw new Error(`the SBOM is not valid CycloneDX: ${JSON.stringify(invalid)}`)

  return `${text}\n`
}
