import closeWithGrace from 'close-with-grace'
import { GuardError } from '../model/guard-error.js'

/**
 * Runs the process until a signal arrives, then lets it finish its work. The process ends at once on a second
 * signal, or after 15 s. An error also ends it: a GuardError is reported with `complain`, and the exit code
 * is 2.
 */
export function runUntilSignal(
  running: { close(): Promise<void> },
  complain: (error: GuardError) => void
): void {
  closeWithGrace({ delay: 15_000 }, async ({ err }) => {
    if (err instanceof GuardError) complain(err)
    else if (err) process.stderr.write(`irsa-guard: ${err.stack ?? err.message}\n`)
    await running.close()
    if (err instanceof GuardError) process.exit(2)
  })
}
