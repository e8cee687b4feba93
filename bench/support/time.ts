/** The average duration of one call in microseconds, measured over `calls` calls. */
export function microsecondsOf(call: () => unknown, calls: number): number {
  const start = performance.now()
  for (let made = 0; made < calls; made++) call()

  return ((performance.now() - start) * 1000) / calls
}
