import { type Logger, pino } from 'pino'

// About 2,000 lines.
const maxPending = 1024 * 1024

/**
 * Builds a log that writes to a file descriptor, standard output by default. Logging never blocks: lines that
 * cannot be written (the disk is full, the reader of a pipe is stuck) are buffered, and dropped beyond 1 MiB.
 * A synchronous log would stop all reviews until the line is written, and an error that it throws would end
 * the process.
 */
export function buildLog(fd = 1): Logger {
  const destination = pino.destination({ dest: fd, sync: false, maxLength: maxPending })
  const log = pino(destination)
  let dropped = 0
  destination.on('drop', () => dropped++)
  destination.on('error', () => undefined) // the next line tries again
  destination.on('drain', () => {
    if (dropped === 0) return
    const lines = dropped
    dropped = 0
    log.warn({ lines }, 'log lines were dropped because they could not be written')
  })

  return log
}
