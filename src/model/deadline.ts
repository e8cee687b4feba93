/**
 * How long there is time. Whoever has an answer at hand does not look at the signal, which may be made only
 * then, with its timer.
 */
export interface Within {
  readonly signal: AbortSignal
}
