/** A line on stderr for one piece of slow work. */
export interface Progress {
  end(outcome: string): void
}

/**
 * Shows on stderr that something slow runs: updated every second on a terminal, else a line now, every 60 s
 * and at the end.
 */
export function startProgress(label: string): Progress {
  const started = performance.now()
  const line = (outcome: string) =>
    `${label}: ${outcome}, ${Math.round((performance.now() - started) / 1000)} s`
  const terminal = process.stderr.isTTY
  const show = () => process.stderr.write(terminal ? `\r\x1b[K${line('running')}` : `${line('running')}\n`)
  show()
  const timer = setInterval(show, terminal ? 1_000 : 60_000)
  timer.unref()
  return {
    end(outcome) {
      clearInterval(timer)
      process.stderr.write(terminal ? `\r\x1b[K${line(outcome)}\n` : `${line(outcome)}\n`)
    }
  }
}
