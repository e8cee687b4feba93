const milliseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000

/** The CPU time of one pass of a hash over five million characters, in milliseconds. */
function passOfHash(): number {
  const text = 'system:serviceaccount:shop:cart '.repeat(32)
  const start = process.cpuUsage()
  let hash = 0
  for (let index = 0; index < 5_000_000; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index & 1023), 16_777_619)
  const took = milliseconds(process.cpuUsage(start))
  if (hash !== -1_475_437_552) throw new Error(`the hash is ${hash}`) // used, so that the loop is not removed

  return took
}

const reference = Math.min(...Array.from({ length: 5 }, passOfHash))

/**
 * How much work something is, as a multiple of a fixed amount of work in the same process, so that the result
 * does not depend on the speed of the machine. If an attempt takes at least `limit`, there are up to two more,
 * and the least counts, because other processes can disturb one.
 */
export function workOf<T>(work: () => T, limit: number): { work: number; result: T } {
  for (let attempt = 1, least = Infinity; ; attempt++) {
    const start = process.cpuUsage()
    const result = work()
    least = Math.min(least, milliseconds(process.cpuUsage(start)) / reference)
    if (least < limit || attempt === 3) return { work: least, result }
  }
}
