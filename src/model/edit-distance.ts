/** How many letters must be added, left out, changed or swapped with their neighbour to make one text of another; at most `limit` + 1. */
export function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1

  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const cell = (up: number, left: number): number => (up === 0 ? current : rows[row - up])?.[column - left] ?? Infinity
      const isSame = from[row - 1] === to[column - 1]
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current.push(Math.min(cell(1, 0) + 1, cell(0, 1) + 1, cell(1, 1) + (isSame ? 0 : 1), isSwapped ? cell(2, 2) + 1 : Infinity))
    }
    rows.push(current)
  }

  return Math.min(rows[from.length]?.[to.length] ?? Infinity, limit + 1)
}
