import type { Command } from 'commander'
import type { Terminal } from './support/terminal.js'

/** Builds a command for a terminal. */
export type CommandBuilder = (terminal: Terminal) => Command

/**
 * All commands, in the order in which the help lists them. They are loaded on demand: some take 0.3 s to load.
 */
export const commands: Readonly<Record<string, () => Promise<CommandBuilder>>> = {
  check: async () => (await import('./check.js')).checkCommand,
  scan: async () => (await import('./scan.js')).scanCommand,
  diagnose: async () => (await import('./diagnose.js')).diagnoseCommand,
  trust: async () => (await import('./trust.js')).trustCommand,
  'plan-migration': async () => (await import('./plan-migration.js')).planMigrationCommand,
  wait: async () => (await import('./wait.js')).waitCommand,
  ca: async () => (await import('./ca.js')).caCommand,
  status: async () => (await import('./status.js')).statusCommand,
  explain: async () => (await import('./explain.js')).explainCommand,
  serve: async () => (await import('./serve.js')).serveCommand,
  controller: async () => (await import('./controller.js')).controllerCommand,
  completion: async () => {
    const { completionCommand } = await import('./completion.js')
    return (terminal) => completionCommand(terminal, async () => buildCommands(terminal))
  }
}

/** Builds every command. */
const buildCommands = async (terminal: Terminal): Promise<Command[]> =>
  Promise.all(Object.values(commands).map(async (load) => (await load())(terminal)))
