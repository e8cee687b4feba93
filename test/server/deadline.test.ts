import t from 'tap'
import { LazyDeadline } from '../../src/server/deadline.js'

t.test('aborts whoever waits when the time is up', async (t) => {
  const deadline = new LazyDeadline(10)
  const { signal } = deadline
  t.equal(deadline.signal, signal, 'all wait for the same signal')
  t.equal(signal.aborted, false)
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  t.equal(signal.aborted, true)
})

t.test('leaves no timer behind', async (t) => {
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timers()
  const deadline = new LazyDeadline(60_000)
  t.equal(timers(), before, 'nobody waits yet')
  t.equal(deadline.signal.aborted, false)
  t.equal(timers(), before + 1)
  deadline.clear()
  t.equal(timers(), before)
})
