/**
 * How many letters must be added, left out, changed or swapped with their neighbour to make one text of another; `limit` + 1 when it is
 * more than `limit`, which is known early.
 */
export function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1
  // Keys that begin alike are the usual case, and what is alike costs nothing.
  let alike = 0
  while (alike < from.length && from[alike] === to[alike]) alike++
  if (alike > 0) return editDistance(from.slice(alike), to.slice(alike), limit)

  let before: number[] = []
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        at(above, column) + 1,
        at(current, column - 1) + 1,
        at(above, column - 1) + (isSame ? 0 : 1),
        isSwapped ? at(before, column - 2) + 1 : limit + 1
      )
    }
    if (Math.min(...current) > limit) return limit + 1
    before = above
    above = current
  }

  return Math.min(at(above, to.length), limit + 1)
}

const at = (row: readonly number[], column: number): number => row[column] ?? 0
