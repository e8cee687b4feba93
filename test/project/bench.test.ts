import { spawnSync } from 'node:child_process'
import t from 'tap'

t.test('npm run bench says in one line what it does not know', async (t) => {
  const table: readonly (readonly [string, RegExp])[] = [
    ['--bogus', /^Unknown option '--bogus'; expected --quick or the rows review, pod, .*\n$/],
    ['bogus', /^unknown row bogus; expected review, pod, .*\n$/]
  ]
  for (const [argument, message] of table) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['bench/run.ts', argument], {
      encoding: 'utf8'
    })
    t.match({ status, stdout, stderr }, { status: 2, stdout: /^$/, stderr: message })
  }
})
