#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { commands } from './commands/index.js'
import { complain, processTerminal as terminal } from './commands/support/terminal.js'
import { GuardError } from './model/guard-error.js'
import { version } from './version.js'

// Older versions of Node.js lack functions that commands use. With such a version, the program would exit
// with 1, which means findings.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  complain(terminal, `this is Node ${process.versions.node}; irsa-guard needs Node 22.19 or newer`)
  process.exit(2)
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return // the reader has stopped, as in `| head`; the exit code still counts
  complain(terminal, `the output cannot be written (${error.code ?? error.message})`)
  process.exit(2)
})

// If writing to stderr fails as well (a full disk, a closed pipe), the exit code still reports the failure.
process.stderr.on('error', () => undefined)

const program = new Command('irsa-guard')
  .description(
    'catches broken IAM roles for pods on Amazon EKS (IRSA or EKS Pod Identity) at the point where the mistake is made'
  )
  .version(version)

const named = process.argv.slice(2).find((argument) => Object.hasOwn(commands, argument))
for (const [name, load] of Object.entries(commands))
  if (named === undefined || name === named) program.addCommand((await load())(terminal))

for (const command of [program, ...program.commands]) {
  command.exitOverride().configureOutput({
    outputError: (message) => complain(terminal, message.trimEnd().replace(/^error: /, ''))
  })
}

try {
  await program.parseAsync()
} catch (error) {
  // Commander has printed its message already. It also throws after --help and --version, with exit code 0.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else if (error instanceof GuardError) {
    complain(terminal, error.message)
    process.exitCode = 2
  } else throw error
}
