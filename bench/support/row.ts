/** One line of the table: what was compared, the ratio of each round, and what the ratio may be. */
export interface Comparison {
  readonly what: string
  readonly ratios: readonly number[]
  /** Undefined: printed for orientation only. */
  readonly budget: number | undefined
  /** Absolute figures, for orientation. */
  readonly absolute: string
}

/** How much to measure: `rounds` alternating rounds; `scale` shrinks what happens in each of them. */
export interface Effort {
  readonly rounds: number
  readonly scale: number
}

/** Measures one subject; one row may print several lines. */
export type Row = (effort: Effort) => Promise<readonly Comparison[]>
