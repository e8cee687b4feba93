import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** An error that the person who releases can correct. */
export class ReleaseError extends Error {}

/** The commit that is released. */
export interface Commit {
  readonly id: string
  readonly at: Date
  readonly tags: readonly string[]
  /** Files with changes that are not in the commit. */
  readonly changed: readonly string[]
}

/** Runs a program to its end and returns its output. Throws an error that shows what the program wrote. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}
): string {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 2 ** 30,
      ...options
    })
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: string; stdout?: string; stderr?: string }
    if (code === 'ENOENT') throw new ReleaseError(`${program} is not in PATH; install it`)
    throw new ReleaseError(`${[program, ...args].join(' ')} failed: ${`${stderr}${stdout}`.trim()}`)
  }
}

/** The commit that is checked out in the current folder. */
export function readCommit(): Commit {
  const git = (...args: string[]): string => run('git', args).trim()
  if (!isRepository(git))
    throw new ReleaseError(`${process.cwd()} is not in a git repository; run the release in a clone`)
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')
  const [id = '', seconds = ''] = git('log', '-1', '--format=%H %ct').split(' ')

  return {
    id,
    at: new Date(Number(seconds) * 1000),
    tags: lines(git('tag', '--points-at', 'HEAD')),
    changed: lines(run('git', ['status', '--porcelain'])).map((line) => line.slice(3))
  }
}

function isRepository(git: (...args: string[]) => string): boolean {
  git('--version') // throws an error if there is no git
  try {
    return git('rev-parse', '--is-inside-work-tree') === 'true'
  } catch {
    return false // git fails outside of repositories
  }
}

/** What is wrong with a release. `always`: a dry run is refused, too. */
export interface Problem {
  readonly message: string
  readonly always: boolean
}

/** Compares all places that name the version, in the checkout at `folder`. */
export function versionProblems(folder: string, version: string): readonly Problem[] {
  const text = (file: string): string => readFileSync(join(folder, file), 'utf8')
  const chart = parse(text('charts/irsa-guard/Chart.yaml')) as { version: string; appVersion: string }
  const kustomization = parse(text('manifests/kustomization.yaml')) as { images: { newTag: string }[] }
  const lock = JSON.parse(text('package-lock.json')) as { version: string }
  const [, changelog = 'none', date = ''] = /^## (\S+), (.+)$/m.exec(text('CHANGELOG.md')) ?? []
  const found: readonly (readonly [place: string, value: string | undefined])[] = [
    ['version in package-lock.json', lock.version],
    ['version in src/version.ts', /version = '(.*)'/.exec(text('src/version.ts'))?.[1]],
    ['version in charts/irsa-guard/Chart.yaml', chart.version],
    ['appVersion in charts/irsa-guard/Chart.yaml', chart.appVersion],
    ['newTag in manifests/kustomization.yaml', kustomization.images[0]?.newTag],
    ['first heading in CHANGELOG.md', changelog]
  ]

  return [
    ...found
      .filter(([, value]) => value !== version)
      .map(([place, value]) => ({
        message: `the ${place} is ${value ?? 'missing'}; expected ${version}, as in package.json; change one of them`,
        always: true
      })),
    ...(/^\d{4}-\d\d-\d\d$/.test(date) || changelog !== version
      ? []
      : [
          {
            message: `CHANGELOG.md says "${version}, ${date}"; write the date of the release instead, such as "${version}, 2026-12-31"`,
            always: false
          }
        ])
  ]
}

/** What prevents the release of a commit as `version`. */
export function commitProblems({ tags, changed }: Commit, version: string): readonly Problem[] {
  const [first = '', ...others] = changed

  return [
    ...(changed.length === 0
      ? []
      : [
          {
            message: `${first}${others.length === 0 ? '' : ` and ${others.length} more`} changed after the last commit, and the release contains only what is committed; commit or stash the changes`,
            always: false
          }
        ]),
    ...(tags.includes(`v${version}`)
      ? []
      : [
          {
            message: `the commit has ${tags.length === 0 ? 'no tag' : `only the tag ${tags.join(', ')}`}; expected v${version}, as in package.json; run git tag -s v${version}`,
            always: false
          }
        ])
  ]
}
