import { globSync, readFileSync } from 'node:fs'
import type { Command } from 'commander'
import t from 'tap'
import { commands } from '../../src/commands/index.js'
import { runCli } from '../support/run-cli.js'

/**
 * The commands that print the hints of a file. A hint may name an option that a command lacks only if it also
 * names the key of the configuration.
 */
const withFacts = ['check', 'scan', 'diagnose', 'plan-migration']
const printedBy: Readonly<Record<string, readonly string[]>> = {
  'src/commands/ca.ts': ['ca'],
  'src/commands/ca-preflight.ts': ['ca'],
  'src/commands/diagnose.ts': ['diagnose'],
  'src/commands/plan-migration.ts': ['plan-migration'],
  'src/commands/scan.ts': ['scan'],
  'src/commands/status.ts': ['status'],
  'src/commands/trust.ts': ['trust'],
  'src/commands/wait.ts': ['wait'],
  'src/commands/support/bundle-output.ts': ['ca'],
  'src/commands/support/bundles.ts': ['ca'],
  'src/commands/support/cluster-arn.ts': [...withFacts, 'trust', 'wait', 'serve', 'controller'],
  'src/commands/support/given-names.ts': [...withFacts, 'trust', 'wait', 'status'],
  'src/commands/support/identity-attempt.ts': ['wait'],
  'src/commands/support/observe-permission.ts': ['diagnose'],
  'src/commands/support/policy-text.ts': ['trust'],
  'src/commands/support/preflight-facts.ts': ['ca'],
  'src/commands/support/sources.ts': [...withFacts, 'trust', 'wait', 'serve', 'controller'],
  'src/commands/support/trust-chains.ts': ['trust'],
  'src/commands/support/trust-input.ts': ['trust'],
  'src/facts/irsa-facts.ts': withFacts,
  'src/facts/pod-identity-trust.ts': withFacts,
  'src/migration/examine.ts': ['plan-migration'],
  'src/model/kubernetes-object.ts': ['check', 'scan', 'plan-migration'],
  'src/rules/oidc-client-id-missing.ts': withFacts,
  'src/scan/unused.ts': ['scan'],
  'src/sources/associations/association-index.ts': withFacts
}
/** Options of other programs that texts name. */
const foreign = ['--token-audience', '--issuer-ambient-credentials', '--profile', '--compose-role-arn']

const terminal = { stdin: process.stdin, stdout: () => undefined, stderr: () => undefined }
const byName = new Map<string, Command>(
  await Promise.all(
    Object.entries(commands).map(async ([name, load]) => [name, (await load())(terminal)] as const)
  )
)

/** The lines of a file that name options in a hint: `pass --iam FILE or --aws`. Comments do not count. */
function hintsIn(file: string): { readonly line: string; readonly options: readonly string[] }[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\*|\/\*\*)/.test(line))
    .map((line) => ({
      line,
      options: [...line.matchAll(/(?:\b(?:pass|with|or|own|and|without) |irsa-guard \()(--[a-z][a-z-]*)/g)]
        .map(([, option = '']) => option)
        .filter((option) => !foreign.includes(option))
    }))
    .filter(({ options }) => options.length > 0)
}

t.test('a hint names an option of the command that prints it', async (t) => {
  const files = globSync('src/**/*.ts').sort()
  const found = new Set<string>()
  for (const file of files) {
    for (const { line, options } of hintsIn(file)) {
      found.add(file)
      for (const name of printedBy[file] ?? []) {
        const command = byName.get(name)
        const has = new Set(command?.options.map(({ long }) => long))
        const isInConfig = /configuration|in its config/.test(line) && has.has('--config')
        for (const option of options) t.ok(has.has(option) || isInConfig, `${name}: ${line.trim()}`)
      }
    }
  }
  t.strictSame([...found].sort(), Object.keys(printedBy).sort(), 'the table has each file with hints')
})

t.test('what commands print without facts names their own options', async (t) => {
  const file = 'examples/service-accounts.yaml'
  const cluster = ['--cluster-arn', 'arn:aws:eks:us-east-1:111122223333:cluster/prod']
  const runs: readonly (readonly string[])[] = [
    ['check', file, '-v'],
    ['scan', file, '-v', '--unused'],
    ['plan-migration', file, '-v', '-A', ...cluster]
  ]
  for (const [name = '', ...args] of runs) {
    const { stdout } = await runCli([name, ...args])
    const hints = [...stdout.matchAll(/\(pass\s(--[a-z-]+)(?:[^)]*?\sor\s(--[a-z-]+))?/g)]
      .flatMap(([, ...options]: readonly (string | undefined)[]) => options)
      .filter((option) => option !== undefined)
    t.ok(hints.length > 0, name)
    const has = new Set(byName.get(name)?.options.map(({ long }) => long))
    t.strictSame(
      hints.filter((option) => !has.has(option)),
      [],
      name
    )
  }
})
