import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chartArchive, chartLayout } from './chart.ts'
import { imageArchive, type ImageRecipe } from './image.ts'
import { krewManifest } from './krew-manifest.ts'
import { digestOf } from './oci.ts'
import { provenanceOf } from './provenance.ts'
import type { PulledImage } from './registry.ts'
import { sbomOf } from './sbom.ts'
import { type Commit, run } from './source.ts'
import { type ArchiveFile, filesBelow, gzip, tarOf } from './tar.ts'

/** What the files of a release are made from. */
export interface ReleasePlan {
  /** A folder that contains the commit and nothing else, next to an installed `node_modules`. */
  readonly source: string
  readonly version: string
  readonly commit: Commit
  readonly recipe: ImageRecipe
  /** The base image for each platform, or undefined to build no image. */
  readonly bases: readonly PulledImage[] | undefined
  /** Where the files will be downloaded from. */
  readonly downloadUrl: string
  readonly builder: string
  readonly repository: string | undefined
}

/** The files of a release by their names. SHA256SUMS has the checksums of all others. */
export async function buildArtifacts(plan: ReleasePlan): Promise<ReadonlyMap<string, Buffer>> {
  const { source, version, commit, recipe, bases, downloadUrl } = plan
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(commit.at.getTime() / 1000) }
  const inSource = (program: string, ...args: string[]): string => run(program, args, { cwd: source, env })
  const text = (file: string): string => readFileSync(join(source, file), 'utf8')
  inSource('npm', 'run', 'prepack')

  const files = new Map<string, Buffer>()
  const add = (name: string, content: Buffer | string): void => void files.set(name, Buffer.from(content))
  inSource('npm', 'pack', '--ignore-scripts')
  add(`irsa-guard-${version}.tgz`, readFileSync(join(source, `irsa-guard-${version}.tgz`)))

  const cli = `irsa-guard-cli-${version}.tar.gz`
  add(cli, gzip(await tarOf(cliFiles(source, inSource), commit.at)))
  const uri = `${downloadUrl}/${cli}`
  add(
    'irsa-guard.yaml',
    krewManifest(version, { uri, sha256: sha256Of(files.get(cli)), bin: 'irsa-guard.mjs' })
  )

  const chart = await chartArchive(join(source, 'charts/irsa-guard'), commit.at)
  add(`irsa-guard-chart-${version}.tgz`, chart)
  add(
    `irsa-guard-chart-${version}.oci.tar`,
    await chartLayout(chart, text('charts/irsa-guard/Chart.yaml'), commit.at)
  )
  add('install.yaml', inSource('kubectl', 'kustomize', 'manifests'))
  if (bases !== undefined) {
    const identity = { name: 'irsa-guard', version, commit: commit.id, created: commit.at }
    add(`irsa-guard-image-${version}.oci.tar`, await imageArchive(recipe, bases, source, identity))
  }

  const base = bases === undefined ? undefined : recipe.base
  const bundled = JSON.parse(text('dist/bundled-packages.json')) as string[]
  add('THIRD-PARTY-NOTICES.txt', text('dist/THIRD-PARTY-NOTICES.txt'))
  add(`irsa-guard-${version}.cdx.json`, await sbomOf(source, bundled, { at: commit.at, base }))
  const programs = {
    node: process.version,
    npm: inSource('npm', '--version').trim(),
    kubectl: kubectlVersion(inSource)
  }
  const statement = provenanceOf(sumsOf(files), { ...plan, commit: commit.id, base, programs })
  add('provenance.json', `${JSON.stringify(statement, null, 2)}\n`)
  add('SHA256SUMS', [...sumsOf(files)].map(([name, sha256]) => `${sha256}  ${name}\n`).join(''))

  return files
}

type Run = (program: string, ...args: string[]) => string

/** The command with its licenses, its manual page and its completion scripts. */
const cliFiles = (source: string, run: Run): readonly ArchiveFile[] => {
  const bundle = 'dist/irsa-guard.mjs'

  return [
    { path: 'irsa-guard.mjs', content: readFileSync(join(source, bundle)), executable: true },
    ...['LICENSE', 'THIRD-PARTY-NOTICES.txt', 'irsa-guard.1'].flatMap((name) =>
      filesBelow(join(source, name === 'LICENSE' ? name : `dist/${name}`), name)
    ),
    ...['bash', 'fish', 'zsh'].map((shell) => ({
      path: `completions/irsa-guard.${shell}`,
      content: run(process.execPath, bundle, 'completion', shell)
    }))
  ]
}

function kubectlVersion(run: Run): string {
  const { clientVersion } = JSON.parse(run('kubectl', 'version', '--client', '-o', 'json')) as {
    clientVersion: { gitVersion: string }
  }

  return clientVersion.gitVersion
}

const sha256Of = (content: Buffer | string = ''): string => digestOf(content).replace('sha256:', '')

/** SHA-256 of each file, in alphabetical order of the names. */
const sumsOf = (files: ReadonlyMap<string, Buffer>): ReadonlyMap<string, string> =>
  new Map(
    [...files]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, content]) => [name, sha256Of(content)])
  )
