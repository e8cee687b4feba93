import t from 'tap'
import { raceDeadline } from '../../src/model/deadline.js'

t.test('an answer that nobody waits for may fail', async (t) => {
  t.equal(await raceDeadline(AbortSignal.abort(), Promise.reject<string>(new Error('late'))), undefined)
  await new Promise((resolve) => setImmediate(resolve)) // an unhandled rejection would end the process
})
