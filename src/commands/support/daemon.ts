import { Command } from 'commander'
import { runUntilSignal } from '../../process/run-until-signal.js'
import {
  audienceOption,
  clusterCaOption,
  configOption,
  iamOption,
  issuerOption,
  kubeconfigOption
} from './options.js'
import { complain, type ErrorTerminal } from './terminal.js'

/** A command that runs until it is stopped, with the options that all such commands have. */
export const daemonCommand = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .addOption(configOption({ isFound: false }))
    .addOption(kubeconfigOption())
    .addOption(iamOption())
    .addOption(issuerOption())
    .addOption(clusterCaOption())
    .addOption(audienceOption())

/** Keeps the process running until a signal ends it. */
export const keepRunning = (running: { close(): Promise<void> }, terminal: ErrorTerminal): void =>
  runUntilSignal(running, ({ message }) => complain(terminal, message))
