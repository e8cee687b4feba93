import t from 'tap'
import { raceDeadline } from '../../src/model/deadline.js'

t.test('an answer that nobody waits for may fail', async (t) => {
  const answer: unknown = await raceDeadline(AbortSignal.abort(), Promise.reject<number>(new Error('late')))
  t.equal(answer, undefined)
  await new Promise((resolve) => setImmediate(resolve)) // an unhandled rejection would end the process
})
