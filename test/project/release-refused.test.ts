import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkOut, dateChangelog, pinBase } from '../support/release.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

t.test('a release is refused with all reasons', async (t) => {
  const committed: readonly (readonly [
    file: string,
    change: (text: string) => string,
    args: readonly string[],
    stderr: string
  ])[] = [
    [
      'charts/irsa-guard/Chart.yaml',
      (text) => text.replaceAll(version, '9.9.9'),
      ['--dry-run'],
      `release: the version in charts/irsa-guard/Chart.yaml is 9.9.9; expected ${version}, as in package.json; change one of them
release: the appVersion in charts/irsa-guard/Chart.yaml is 9.9.9; expected ${version}, as in package.json; change one of them\n`
    ],
    [
      'manifests/kustomization.yaml',
      (text) => text.replace(version, '9.9.9'),
      ['--dry-run'],
      `release: the newTag in manifests/kustomization.yaml is 9.9.9; expected ${version}, as in package.json; change one of them\n`
    ],
    [
      'CHANGELOG.md',
      (text) => text.replace(`## ${version},`, '## 9.9.9,'),
      ['--dry-run'],
      `release: the first heading in CHANGELOG.md is 9.9.9; expected ${version}, as in package.json; change one of them\n`
    ],
    [
      'CHANGELOG.md',
      (text) => text,
      [],
      `release: CHANGELOG.md says "${version}, unreleased"; write the date of the release instead, such as "${version}, 2026-12-31"
release: the commit has no tag; expected v${version}, as in package.json; run git tag -s v${version}\n`
    ],
    [
      'Dockerfile',
      (text) => text.replace(/@sha256:.*/, ''),
      ['--dry-run'],
      'release: Dockerfile: the base image is "gcr.io/distroless/nodejs24-debian13:nonroot"; expected REGISTRY/REPOSITORY:TAG@sha256:DIGEST; append the digest that crane digest gcr.io/distroless/nodejs24-debian13:nonroot prints\n'
    ],
    [
      'Dockerfile',
      (text) => `${text}HEALTHCHECK NONE\n`,
      ['--dry-run'],
      'release: Dockerfile: "HEALTHCHECK NONE" is not supported in the last stage; expected FROM, WORKDIR, COPY --from=bundle, ENV, USER, EXPOSE or ENTRYPOINT\n'
    ],
    [
      'Dockerfile',
      (text) => `${text}COPY --from=bundle /etc/passwd ./\n`,
      ['--dry-run'],
      'release: Dockerfile: COPY from "/etc/passwd"; expected a path in /build/\n'
    ]
  ]
  const refused = await checkOut()
  t.teardown(() => {
    rmSync(refused.folder, { recursive: true })
  })
  const original = (await refused.git('rev-parse', 'HEAD')).trim()
  for (const [file, change, args, stderr] of committed) {
    refused.edit(file, change)
    await refused.commit()
    const ended = await refused.release(args)
    t.equal(ended.code, 1, stderr)
    t.equal(ended.stderr.replaceAll(/release: warning: .*\n/g, ''), stderr)
    t.equal(existsSync(join(refused.folder, 'release')), false)
    await refused.git('reset', '--quiet', '--hard', original)
  }

  refused.edit('CHANGELOG.md', dateChangelog)
  refused.edit('Dockerfile', pinBase('127.0.0.1:2', `sha256:${'a'.repeat(64)}`))
  await refused.commit()
  await refused.git('tag', 'v9.9.9')
  t.match(await refused.release([]), {
    code: 1,
    stderr: `release: the commit has only the tag v9.9.9; expected v${version}, as in package.json; run git tag -s v${version}\n`
  })
  await refused.git('tag', `v${version}`)
  t.match(await refused.release([]), {
    code: 1,
    stderr:
      'release: the base image cannot be pulled: 127.0.0.1:2 could not be reached: connect ECONNREFUSED 127.0.0.1:2; a release needs its image\n'
  })
  refused.edit('README.md', (text) => `${text}\n`)
  refused.edit('LICENSE', (text) => `${text}\n`)
  t.match(await refused.release([]), {
    code: 1,
    stderr:
      'release: LICENSE and 1 more changed after the last commit, and the release contains only what is committed; commit or stash the changes\n'
  })
  t.match(await refused.release(['--out', 'docs']), {
    code: 1,
    stderr: 'release: the folder docs is not empty; remove it, or name another one with --out\n'
  })
  t.match(await refused.release(['--dry-run'], { PATH: join(refused.folder, 'docs') }), {
    code: 1,
    stderr: 'release: git is not in PATH; install it\n'
  })
  t.match(await refused.release(['--fast']), {
    code: 2,
    stderr: /^release: Unknown option '--fast'[^]*--dry-run/
  })
  t.match(await refused.release(['--help']), { code: 0, stdout: /--download-url URL/ })
  rmSync(join(refused.folder, '.git'), { recursive: true })
  t.match(await refused.release(['--dry-run']), {
    code: 1,
    stderr: `release: ${refused.folder} is not in a git repository; run the release in a clone\n`
  })
})
