/** Time as an argument, so that tests can control it. All times are in milliseconds. */
export interface Clock {
  now(): number
  after(milliseconds: number, callback: () => void): void
}

/** The machine's clock. Its timers keep the process alive, because callers wait for them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, callback) => void setTimeout(callback, milliseconds)
}
