import t from 'tap'
import { type Status, statusExitCode, statusFormats } from '../../src/output/status-text.js'
import { plainStyle } from '../../src/output/style.js'

const checks = [
  { check: 'serve', state: 'ok', message: '2 of 2 ready' },
  {
    check: 'policies',
    state: 'wrong',
    message: 'the binding of policy a\u001b[31m is missing',
    because: 'nothing is denied any more',
    fix: 'kubectl apply -k DIR'
  },
  { check: 'guarded-bundles', state: 'ok', message: 'a is incomplete', because: 'b', fix: 'c' },
  { check: 'aws', state: 'unknown', message: 'not seen', because: 'why' }
] as const satisfies Status['checks']

t.test('text', async (t) => {
  const textOf = (checks: Status['checks'], style = plainStyle): string =>
    statusFormats.text({ about: 'irsa-guard of a', checks }, style)
  t.equal(
    textOf(checks),
    `✗ 1 of 4 checks failed, 1 could not be determined: policies
  irsa-guard of a

  ✓ serve            2 of 2 ready
  ✗ policies         the binding of policy a\\u{1b}[31m is missing
                     nothing is denied any more
                     kubectl apply -k DIR
  ✓ guarded-bundles  a is incomplete
                     b
                     c
  ? aws              not seen
                     why

Fix this first:
  kubectl apply -k DIR
`
  )
  t.match(textOf(checks.slice(0, 1)), /^✓ nothing wrong\n/)
  t.match(textOf(checks.slice(3)), /^\? nothing wrong, 1 could not be determined\n/)
  const narrow = textOf(checks, { ...plainStyle, ascii: true, width: 40, verbosity: 'quiet' })
  t.match(narrow, /^x 1 of 4 checks failed, 1 could not be\n {2}determined: policies\n/)
  t.notMatch(narrow, /serve/, 'only what is wrong')
  t.match(
    narrow,
    /\n {2}x policies\n {6}the binding of policy a\\u\{1b\}\[31m\n {6}is missing\n/,
    'texts below their labels'
  )
  const again = { ...checks[1], check: 'rights' } as const
  const fixes = textOf([...checks, again]).match(/^ .*kubectl apply -k DIR$/gm)
  t.strictSame(
    fixes,
    [`${' '.repeat(21)}kubectl apply -k DIR`, '  kubectl apply -k DIR'],
    'each command once'
  )
})

t.test('no installation', async (t) => {
  const because = 'to check whether it can be installed: irsa-guard status --pre'
  const absence = { check: 'installation', state: 'wrong', message: 'irsa-guard is not installed' } as const
  const found = { about: 'cluster a', checks: [{ ...absence, because, fix: 'kubectl apply -k DIR' }] }
  t.equal(
    statusFormats.text(found, plainStyle),
    `✗ irsa-guard is not installed
  cluster a

  to check whether it can be installed: irsa-guard status --pre

Install it:
  kubectl apply -k DIR
`
  )
  t.equal(statusExitCode(found.checks), 1)
})

t.test('JSON and the exit code', async (t) => {
  t.strictSame(JSON.parse(statusFormats.json({ about: '', checks }, plainStyle)), {
    apiVersion: 'irsa-guard.io/v1',
    kind: 'Status',
    checks
  })
  t.equal(statusExitCode(checks), 1)
  t.equal(statusExitCode(checks.filter(({ state }) => state !== 'wrong')), 0)
  t.equal(statusExitCode(checks.slice(3)), 2)
})
