/** Time, as an argument: what o'clock it is in milliseconds, and a callback after a while. */
export interface Clock {
  now(): number
  after(milliseconds: number, callback: () => void): void
}

/** The machine's own time. Its timers keep the process alive: somebody waits for them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, callback) => void setTimeout(callback, milliseconds)
}
