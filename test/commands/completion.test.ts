import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { commands } from '../../src/commands/index.js'
import { completionScripts } from '../../src/output/completion.js'
import { runCli } from '../support/run-cli.js'

const { stdout: bashScript } = await runCli(['completion', 'bash'])

/** What bash completes after a command line. */
function completed(...words: readonly string[]): string[] {
  const script = `${bashScript}
COMP_WORDS=(irsa-guard ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_irsa_guard
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)

  return stdout.split('\n').filter((word) => word !== '')
}

t.test('bash completes commands, options and values', async (t) => {
  t.strictSame(completed(''), [...Object.keys(commands), '--help', '--version'])
  t.strictSame(completed('ch'), ['check'])
  t.strictSame(completed('check', '--fail-on', ''), ['error', 'warning', 'info', 'never'])
  t.strictSame(completed('check', 'a.yaml', '--fail-on', 'w'), ['warning'])
  t.strictSame(completed('check', '--fail-on-'), ['--fail-on-unknown'])
  t.strictSame(completed('trust', '--no'), ['--no-session-tags'])
  t.strictSame(completed('completion', 'z'), ['zsh'])
  t.strictSame(completed('check', '--config', ''), [], 'bash then completes files')
})

t.test('names every command and long option for every shell', async (t) => {
  for (const shell of Object.keys(completionScripts)) {
    const { code, stdout } = await runCli(['completion', shell])
    t.equal(code, 0, shell)
    for (const command of Object.keys(commands)) t.match(stdout, command, `${shell}: ${command}`)
    for (const option of ['cluster-arn', 'fail-on-unknown', 'no-session-tags'])
      t.match(stdout, option, `${shell}: ${option}`)
  }
})

t.test('texts cannot end a quotation in a script', async (t) => {
  const name = `it's [a] "b": \\ $(c)`
  const shape = {
    name: 'a',
    description: name,
    options: [{ names: ['--b'], description: name, takesValue: false, choices: [] }],
    choices: []
  }
  t.match(completionScripts.zsh([shape]), `'a:it'\\''s [a] "b": \\ $(c)'`)
  t.match(completionScripts.zsh([shape]), `'*--b[it'\\''s \\[a\\] "b"\\: \\\\ $(c)]'`)
  t.match(completionScripts.fish([shape]), `-d 'it\\'s [a] "b": \\\\ $(c)'`)
})

t.test('an unknown shell is an error that names the others', async (t) => {
  t.match(await runCli(['completion', 'tcsh']), {
    code: 2,
    stdout: '',
    stderr: /'tcsh' is invalid.*Allowed choices are bash, zsh, fish/
  })
  t.match(readFileSync('docs/cli.md', 'utf8'), /irsa-guard completion/)
})
