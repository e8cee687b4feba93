import t from 'tap'
import type { Watched } from '../../../src/kube/list-and-watch.js'
import { known } from '../../../src/model/fact.js'
import { readThrough } from '../../../src/sources/cluster/read-through.js'

const ago = (milliseconds: number): Date => new Date(Date.now() - milliseconds)
const watchedAt = (lastEvent: Date | undefined): Watched<string> => ({
  get: (key) => (key === 'seen' ? 'of the watch' : undefined),
  values: () => ['of the watch'].values(),
  synced: true,
  lastEvent,
  stop: () => undefined
})

t.test('believes a watch as long as it hears of the cluster', async (t) => {
  for (const [why, lastEvent, maxAge, expected] of [
    ['heard a moment ago', ago(0), 1000, 'of the watch'],
    ['silent for too long', ago(2000), 1000, 'read'],
    ['any age will do', ago(2_000_000), undefined, 'of the watch'],
    ['being listed for the first time', undefined, 1000, 'of the watch']
  ] as const) {
    const read = readThrough(watchedAt(lastEvent), maxAge === undefined ? {} : { maxAge })
    t.strictSame(
      await read('seen', async () => known('read'), { signal: AbortSignal.timeout(1000) }),
      known(expected),
      why
    )
  }
})
