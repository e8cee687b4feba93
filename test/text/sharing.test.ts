import { setFlagsFromString } from 'node:v8'
import t from 'tap'
import { buildSharing } from '../../src/text/sharing.js'

t.test('copies plain data', async (t) => {
  const share = buildSharing()
  const value = { a: ['x', 1, null, { b: 'x', c: undefined }], d: true }
  t.strictSame(share(value), value)
  t.not(share(value), value)
})

t.test('equal strings become one string in memory', async (t) => {
  setFlagsFromString('--allow-natives-syntax')
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const isSame = new Function('one', 'other', 'return %ReferenceEqual(one, other)') as (
    one: unknown,
    other: unknown
  ) => boolean
  const build = (): string[] => JSON.parse(JSON.stringify(['set reinvocationPolicy: IfNeeded'])) as string[]
  const share = buildSharing()
  t.notOk(isSame(build()[0], build()[0]), 'parsed strings are separate')
  t.ok(isSame(share(build())[0], share(build())[0]))
})
