import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { type HeapUse, watchHeap } from '../../src/process/watch-heap.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void // by the flag
const turn = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 20))

t.test('tells after a full garbage collection how much of the heap is in use', async (t) => {
  const told: HeapUse[] = []
  let isNearlyEmpty = false
  const small = watchHeap(0.0001, (use) => told.push(use))
  const large = watchHeap(0.9999, () => (isNearlyEmpty = true))
  while (told.length === 0) {
    collect()
    await turn()
  }
  const [use] = told
  t.ok(use !== undefined && use.used > 1 && use.used < use.limit, JSON.stringify(use))
  t.notOk(isNearlyEmpty)

  small.stop()
  large.stop()
  const before = told.length
  collect()
  await turn()
  t.equal(told.length, before, 'not after it was stopped')
})
