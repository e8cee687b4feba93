/**
 * Runs every side in every round, starting each round with a different side, and collects the figures of each
 * side. A temporary disturbance affects all sides in a round alike, so the ratios within a round are more
 * reliable than the figures.
 */
export async function alternate<Side extends string>(
  rounds: number,
  sides: Readonly<Record<Side, () => number | Promise<number>>>
): Promise<Record<Side, number[]>> {
  const names = Object.keys(sides) as Side[] // the record has no other keys
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Side, number[]> // one for each name

  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]
      if (name !== undefined) measured[name].push(await sides[name]())
    }
  }

  return measured
}

/** The ratio of each round. */
export const ratiosOf = (these: readonly number[], those: readonly number[]): number[] =>
  these.map((figure, round) => figure / (those[round] ?? NaN))
