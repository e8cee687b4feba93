import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'

// Writes the manual page from the help of all commands. Needs `npm run build`.
const built = async (path: string): Promise<unknown> =>
  import(new URL(`../dist/${path}`, import.meta.url).href)
const { commands: builders } = (await built('commands/index.js')) as typeof import('../src/commands/index.ts')
const { processTerminal } = (await built(
  'commands/support/terminal.js'
)) as typeof import('../src/commands/support/terminal.ts')
const { manPageOf } = (await built('output/man-page.js')) as typeof import('../src/output/man-page.ts')
const { version } = (await built('version.js')) as typeof import('../src/version.ts')

const commands = (
  await Promise.all(Object.values(builders).map(async (load) => (await load())(processTerminal)))
).map((command) => {
  const help = command.createHelp()

  return {
    name: command.name(),
    usage: command.usage(),
    description: command.description(),
    options: help
      .visibleOptions(command)
      .map((option) => ({ term: help.optionTerm(option), description: help.optionDescription(option) })),
    notes: notesOf(command)
  }
})
writeFileSync('dist/irsa-guard.1', manPageOf(version, commands))

/** What a command's help shows below its options. */
function notesOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (more) => (text += more) }).outputHelp()

  return text.slice(command.helpInformation().length)
}
