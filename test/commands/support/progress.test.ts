import { Readable } from 'node:stream'
import t from 'tap'
import { buildProgress } from '../../../src/commands/support/progress.js'
import { timeGiven } from '../../../src/commands/support/time-given.js'

t.test('rewrites one line of a terminal', async (t) => {
  let written = ''
  let now = 0
  const terminal = {
    stdin: Readable.from([]),
    stdout: () => undefined,
    stderr: (text: string) => (written += text)
  }
  const progress = buildProgress({ ...terminal, errorScreen: { columns: 10 } }, () => now)
  progress.clear()
  progress.show('reading a\u001B[31m long name')
  now = 50
  progress.show('too soon')
  now = 150
  progress.show('done')
  progress.clear()
  progress.clear()
  t.equal(written, '\r\u001B[2Kreading a\r\u001B[2Kdone\r\u001B[2K')

  written = ''
  const silent = buildProgress(terminal)
  silent.show('a')
  silent.clear()
  t.equal(written, '', 'a pipe gets none')
})

t.test('reads a time', async (t) => {
  t.equal(timeGiven('--created-after', undefined), undefined)
  t.equal(timeGiven('-', '2026-11-26T11:43Z')?.toISOString(), '2026-11-26T11:43:00.000Z')
  t.equal(timeGiven('-', '2026-11-26T11:43:01.5+01:00')?.toISOString(), '2026-11-26T10:43:01.500Z')
  for (const text of ['', 'yesterday', '2026-11-26', '2026-11-26T11:43', '2026-13-26T11:43Z'])
    t.throws(() => timeGiven('--created-after', text), {
      code: 'ERR_USAGE',
      message: /^--created-after is "/
    })
})
