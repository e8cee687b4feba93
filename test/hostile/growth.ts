import { escapeText } from '../../src/text/escape.js'

/** CPU time in microseconds, without the threads that collect garbage and compile. */
async function costOf(work: () => unknown): Promise<number> {
  const start = process.threadCpuUsage()
  await work()
  const { user, system } = process.threadCpuUsage(start)

  return user + system
}

/** What is too cheap to measure, on this machine: less than so many passes over a string of 256 KiB. */
async function floorOf(): Promise<number> {
  const text = 'a'.repeat(262_144)
  const pass = (): void => {
    for (let count = 0; count < 20; count++) escapeText(text)
  }
  pass()

  return costOf(pass)
}

const floor = await floorOf()
const attempts = 12

/**
 * How many times the work twice the input takes, as the least of several attempts: neighbours and garbage
 * collection make some of them slower. Linear work takes twice as much, quadratic work four times. What is
 * too cheap to measure is 2.
 */
export async function growthOf(work: (size: number) => unknown, size: number): Promise<number> {
  let [once, twice] = [Infinity, Infinity]
  for (let attempt = 0; attempt < attempts; attempt++) {
    twice = Math.min(twice, await costOf(() => work(2 * size)))
    if (twice < 2 * floor) return 2
    once = Math.min(once, await costOf(() => work(size)))
    if (attempt > 0 && twice < 3 * once) break
  }

  return twice / Math.max(once, floor)
}
