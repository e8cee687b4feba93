import { Argument, Command } from 'commander'
import { completionScripts, type Shell } from '../output/completion.js'
import type { Terminal } from './support/terminal.js'

export const completionCommand = (
  terminal: Terminal,
  buildCommands: () => Promise<readonly Command[]>
): Command =>
  new Command('completion')
    .description('print a script that completes commands, options and their values in your shell')
    .addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(completionScripts)))
    .addHelpText(
      'after',
      `
Examples:
  source <(irsa-guard completion bash)   # in ~/.bashrc
  irsa-guard completion zsh > "\${fpath[1]}/_irsa-guard"
  irsa-guard completion fish > ~/.config/fish/completions/irsa-guard.fish`
    )
    .action(async (shell: Shell) => {
      const commands = await buildCommands()
      terminal.stdout(completionScripts[shell](commands.map(shapeOf)))
    })

/** What a script needs to know about a command. */
const shapeOf = (command: Command): Parameters<(typeof completionScripts)[Shell]>[0][number] => ({
  name: command.name(),
  description: command.description(),
  options: command
    .createHelp()
    .visibleOptions(command)
    .map(({ short, long, description, argChoices = [], required, optional }) => ({
      names: [short, long].flatMap((name) => name ?? []),
      description,
      takesValue: required || optional,
      choices: argChoices
    })),
  // Arguments without choices are files or names.
  choices: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)
})
