import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildArtifacts } from './artifacts.ts'
import { parseRecipe } from './image.ts'
import { type PinnedImage, type PulledImage, pullImage, RegistryUnavailable } from './registry.ts'
import { commitProblems, type Problem, readCommit, ReleaseError, run, versionProblems } from './source.ts'

const usage = `npm run release -- [--dry-run] [--out DIR] [--download-url URL] [--builder-id URI]

Builds all files of a release from the last commit. Pushes and signs nothing: docs/releasing.md.

  --dry-run           only warn if the commit is not ready to be released, or if the registry of the base image
                      cannot be reached; in the latter case, there is no image
  --out DIR           the folder for the files; must be new or empty (default: release)
  --download-url URL  where the files will be downloaded from, for the krew manifest
                      (default: the release on GitHub in a GitHub workflow, otherwise the website)
  --builder-id URI    the builder that the provenance names (default: the GitHub workflow, otherwise a local build)
`

interface Options {
  readonly dryRun: boolean
  readonly out: string
  readonly downloadUrl: string | undefined
  readonly builder: string | undefined
}

/** Builds a release in a temporary folder, and writes its files once all of them are complete. */
async function release({ dryRun, out, ...options }: Options): Promise<void> {
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new ReleaseError(`the folder ${out} is not empty; remove it, or name another one with --out`)
  const commit = readCommit()
  const staging = mkdtempSync(join(tmpdir(), 'irsa-guard-release-'))
  try {
    const source = checkOut(commit.id, staging)
    const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { version: string }
    report([...versionProblems(source, version), ...commitProblems(commit, version)], dryRun)
    const recipe = parseRecipe(readFileSync(join(source, 'Dockerfile'), 'utf8'))
    const bases = await pullBase(recipe.base, dryRun)
    const github = githubOf(process.env)
    const files = await buildArtifacts({
      source,
      version,
      commit,
      recipe,
      bases,
      repository: github?.repository,
      downloadUrl:
        options.downloadUrl ??
        (github === undefined
          ? `https://irsa-guard.io/v${version}`
          : `${github.repository}/releases/download/v${version}`),
      builder: options.builder ?? github?.workflow ?? 'https://irsa-guard.io/release/local'
    })
    mkdirSync(out, { recursive: true })
    for (const [name, content] of files) writeFileSync(join(out, name), content)
    process.stdout.write(files.get('SHA256SUMS') ?? '')
  } finally {
    rmSync(staging, { recursive: true })
  }
}

/** Puts the files of a commit, and the installed packages, into a folder of their own. */
function checkOut(commit: string, staging: string): string {
  const source = join(staging, 'source')
  const archive = join(staging, 'source.tar')
  mkdirSync(source)
  run('git', ['archive', '--output', archive, commit])
  run('tar', ['-xf', archive, '-C', source])
  symlinkSync(resolve('node_modules'), join(source, 'node_modules'))

  return source
}

/** Throws an error that lists all problems. In a dry run, problems that are not `always` fatal are only warnings. */
function report(problems: readonly Problem[], dryRun: boolean): void {
  const fatal = problems.filter(({ always }) => always || !dryRun)
  if (fatal.length > 0) throw new ReleaseError(fatal.map(({ message }) => message).join('\n'))
  for (const { message } of problems) warn(message)
}

async function pullBase(base: PinnedImage, dryRun: boolean): Promise<readonly PulledImage[] | undefined> {
  try {
    return await pullImage(base, ['amd64', 'arm64'])
  } catch (error) {
    if (!(error instanceof RegistryUnavailable)) throw error
    const message = `the base image cannot be pulled: ${error.message}`
    if (!dryRun) throw new ReleaseError(`${message}; a release needs its image`)
    warn(`${message}; the image is left out`)

    return undefined
  }
}

/** The repository and the workflow; undefined outside of a GitHub workflow. */
function githubOf(env: NodeJS.ProcessEnv): { repository: string; workflow: string } | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_WORKFLOW_REF: workflow } = env

  return server === undefined || repository === undefined || workflow === undefined
    ? undefined
    : { repository: `${server}/${repository}`, workflow: `${server}/${workflow}` }
}

const write = (lines: string, kind = ''): void => {
  for (const line of lines.split('\n')) process.stderr.write(`release: ${kind}${line}\n`)
}
const warn = (message: string): void => write(message, 'warning: ')

try {
  const { values } = parseArgs({
    options: {
      'dry-run': { type: 'boolean', default: false },
      out: { type: 'string', default: 'release' },
      'download-url': { type: 'string' },
      'builder-id': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  if (values.help) process.stdout.write(usage)
  else
    await release({
      dryRun: values['dry-run'],
      out: values.out,
      downloadUrl: values['download-url'],
      builder: values['builder-id']
    })
} catch (error) {
  const { message, code = '' } = error as Error & { code?: string }
  const wrongArguments = code.startsWith('ERR_PARSE_ARGS')
  write(wrongArguments ? `${message}\n\n${usage}`.trimEnd() : message)
  process.exitCode = wrongArguments ? 2 : 1
}
