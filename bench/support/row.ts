/** One line of the table: what was compared, the ratio of each round, and the budget for the ratio. */
export interface Comparison {
  readonly what: string
  readonly ratios: readonly number[]
  /** The highest ratio that is acceptable; undefined if the ratio is for orientation only. */
  readonly budget: number | undefined
  /** Absolute figures, for orientation. */
  readonly absolute: string
}

/** How much to measure: `rounds` alternating rounds; `scale` scales the work in each round. */
export interface Effort {
  readonly rounds: number
  readonly scale: number
}

/** Measures one subject. A row can consist of several lines. */
export type Row = (effort: Effort) => Promise<readonly Comparison[]>
