import t from 'tap'
import { plainStyle, type Style } from '../../src/output/style.js'
import { waitFormats, type WaitReport } from '../../src/output/wait-text.js'

const report: WaitReport = {
  subject: { kind: 'Deployment', namespace: 'shop', name: 'cart' },
  state: 'ready',
  attempts: 1,
  seconds: 3,
  fix: []
}
const text = (more: Partial<WaitReport>, style: Partial<Style> = {}): string =>
  waitFormats.text({ ...report, ...more }, { ...plainStyle, ...style })

t.test('the answer is the first line', async (t) => {
  const role = 'arn:aws:iam::111122223333:role/cart'
  t.equal(
    text({ chain: 'irsa', role }),
    `✓ ready: new pods of Deployment shop/cart get role ${role} (IRSA)\n`
  )
  t.equal(text({ chain: 'irsa' }), '✓ ready: new pods of Deployment shop/cart get a role (IRSA)\n')
  t.equal(
    text({ chain: 'pod-identity' }),
    '✓ ready: new pods of Deployment shop/cart get the credentials of EKS Pod Identity\n'
  )
  t.equal(
    text({
      state: 'absent',
      because: 'container "app"\u001b[2J got no credentials',
      step: 'identity-webhook',
      cause: 'no identity webhook is registered',
      fix: ['irsa-guard diagnose deploy/cart -n shop']
    }),
    `✗ not ready after 3 s: new pods of Deployment shop/cart do not get their identity
  dry run  container "app"\\u{1b}[2J got no credentials
  cause    identity webhook: no identity webhook is registered
  next     irsa-guard diagnose deploy/cart -n shop
`
  )
  t.match(text({ state: 'unknown', because: 'a' }), /^\? unknown after 3 s: .*\n {2}dry run {2}a\n$/)
  t.match(
    text({ state: 'interrupted' }),
    /^\? interrupted after 3 s: no dry run has shown that .* get their identity\n$/
  )
})

t.test('in a narrow terminal, without colors and with few words', async (t) => {
  t.equal(
    text({ chain: 'pod-identity' }, { width: 40, ascii: true }),
    `+ ready: new pods of Deployment
  shop/cart get the credentials of EKS
  Pod Identity
`
  )
  t.equal(text({ chain: 'irsa' }, { verbosity: 'quiet' }), '')
  t.match(
    text({ state: 'absent' }, { verbosity: 'quiet', color: true }),
    /^\u001b\[31m✗\u001b\[39m not ready/
  )
})

t.test('JSON has a kind and a version', async (t) => {
  t.strictSame(JSON.parse(waitFormats.json(report, plainStyle)), {
    apiVersion: 'irsa-guard.io/v1',
    kind: 'Wait',
    ...report
  })
})
