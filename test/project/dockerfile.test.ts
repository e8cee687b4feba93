import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import t from 'tap'

const instructions = readFileSync('Dockerfile', 'utf8')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line))
  .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const)

t.test('the steps of the Dockerfile, run in an empty folder, make a command that works', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'irsa-guard-image-')) // outside of the project: no node_modules to be found from there
  t.teardown(() => rmSync(root, { recursive: true }))
  const allowed = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1))
  const stages = new Map<string, string>()
  let stage = ''
  let folder = ''

  for (const [instruction, text] of instructions) {
    if (instruction === 'FROM') {
      const [base = '', , name = 'image'] = text.split(' ')
      stage = join(root, name)
      const parent = stages.get(base)
      if (parent === undefined) mkdirSync(stage)
      else cpSync(parent, stage, { recursive: true, verbatimSymlinks: true })
      stages.set(name, stage)
    }
    if (instruction === 'WORKDIR' || instruction === 'FROM') {
      folder = join(stage, instruction === 'FROM' ? 'build' : text)
      mkdirSync(folder, { recursive: true })
    }
    if (instruction === 'COPY') {
      const words = text.split(' ')
      const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined
      const sources = words.slice(0, -1).flatMap((source) => (source === '.' ? allowed : [source]))
      for (const source of sources) {
        if (from === undefined) t.ok(allowed.includes(source), `${source} is not ignored`)
        const path = from === undefined ? source : join(stages.get(from) ?? '', source)
        const target = words[0] === '.' ? source : basename(source)
        cpSync(path, join(folder, target), { recursive: true })
      }
    }
    if (instruction === 'RUN') run(text, folder)
  }

  const image = stages.get('image') ?? ''
  const [, entrypoint = '[]'] = instructions.findLast(([instruction]) => instruction === 'ENTRYPOINT') ?? []
  const [node = '', file = '', ...rest] = JSON.parse(entrypoint) as string[]
  t.strictSame([node, rest], ['/nodejs/bin/node', []])
  t.ok(existsSync(join(image, 'app/LICENSE')))
  const notices = readFileSync(join(image, 'app/THIRD-PARTY-NOTICES.txt'), 'utf8')
  for (const name of ['fastify', 'node-forge', 'pino', 'yaml', '@aws-sdk/client-iam'])
    t.match(notices, `\n${name} `, `the licence of ${name}`)
  const checked = execFileSync(process.execPath, [join(image, file), 'check', '-', '--fail-on', 'never'], {
    cwd: root,
    input: readFileSync('examples/service-accounts.yaml'),
    encoding: 'utf8'
  })
  t.match(checked, 'error  ServiceAccount shop/search  role-arn-malformed')

  // Every command loads its own part of the bundle; a configuration that stops it shows that it was loaded.
  writeFileSync(join(root, 'config.yaml'), 'mood: enforce\n')
  for (const command of ['serve', 'controller']) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(image, file), command, '--config', 'config.yaml'],
      {
        cwd: root,
        encoding: 'utf8'
      }
    )
    t.equal(status, 2)
    t.match(stderr, /mood/, command)
  }
})

t.test('the image runs as a user that the manifests accept', async (t) => {
  const valueOf = (name: string): string | undefined =>
    instructions.findLast(([instruction]) => instruction === name)?.[1]
  t.match(valueOf('USER'), /^[1-9]\d*:[1-9]\d*$/, 'a number, because runAsNonRoot cannot judge a name')
  t.match(valueOf('EXPOSE'), '9443 8080')
  t.match(
    instructions.findLast(([instruction]) => instruction === 'FROM')?.[1],
    /:nonroot@sha256:[0-9a-f]{64}$/
  )
})

/**
 * As in the image, except that the packages are those of this checkout: loading them again takes most of a
 * minute.
 */
function run(command: string, folder: string): void {
  const installs = command.startsWith('npm ci')
  execFileSync('sh', ['-c', installs ? `${command} --dry-run --offline` : command], {
    cwd: folder,
    stdio: 'pipe'
  })
  if (installs) symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'))
}
