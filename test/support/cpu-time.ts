/** The CPU time that some work takes in this process, in milliseconds. */
export function cpuTimeOf(work: () => unknown): number {
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)

  return (user + system) / 1000
}

const least = (times: number, measure: () => number): number =>
  Math.min(...Array.from({ length: times }, measure))

/** About 10 ms on a server of 2024: one pass of a hash over five million characters. */
const reference = least(5, () => {
  const text = 'system:serviceaccount:shop:cart '.repeat(32)
  return cpuTimeOf(() => {
    let hash = 0
    for (let index = 0; index < 5_000_000; index++)
      hash = Math.imul(hash ^ text.charCodeAt(index & 1023), 16_777_619)
    return hash
  })
})

/**
 * How much work something is, as a multiple of a fixed amount of work in the same process, so that the result
 * does not depend on the speed of the machine. The least of up to three attempts counts; `enough` ends them.
 */
export function workOf(work: () => unknown, enough: number): number {
  let result = Infinity
  for (let attempt = 0; attempt < 3 && result >= enough; attempt++)
    result = Math.min(result, cpuTimeOf(work) / reference)

  return result
}
