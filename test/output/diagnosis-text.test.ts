import t from 'tap'
import type { Diagnosis } from '../../src/diagnosis/diagnosis.js'
import { diagnosisExitCode, diagnosisFormats } from '../../src/output/diagnosis-text.js'
import { plainStyle } from '../../src/output/style.js'

const diagnosis: Diagnosis = {
  apiVersion: 'irsa-guard.io/v1',
  kind: 'Diagnosis',
  subject: { kind: 'Deployment', namespace: 'shop', name: 'cart' },
  pod: 'cart-1-x',
  chain: 'irsa',
  because: 'the service account requests role r',
  headline: 'shop/cart-1-x does not run as r; first wrong: identity webhook',
  first: 'identity-webhook',
  steps: [
    { step: 'pod', state: 'ok', message: 'cart-1-x: Running for 3 h, no restarts, service account cart' },
    {
      step: 'identity-webhook',
      state: 'wrong',
      message: 'its caBundle is foreign\n',
      fix: 'write another one',
      rule: 'ca-bundle-untrusted'
    },
    { step: 'containers', state: 'follows', message: 'app: nothing', because: 'identity-webhook' },
    { step: 'role', state: 'unknown', message: 'could not tell', because: 'IAM was not asked' },
    { step: 'trust-policy', state: 'ok', message: 'statement 0', notes: ['it is broad'] }
  ],
  fix: ["printf %s '{}' | kubectl apply -f -", 'kubectl rollout restart deployment/cart -n shop']
}
const shown = (change: Partial<Diagnosis> = {}, style: Partial<typeof plainStyle> = {}): string =>
  diagnosisFormats.text({ ...diagnosis, ...change }, { ...plainStyle, ...style })

t.test('shows the answer first and the commands last', async (t) => {
  t.equal(
    shown(),
    `shop/cart-1-x does not run as r; first wrong: identity webhook
chain: irsa, because the service account requests role r

  ✓ pod               cart-1-x: Running for 3 h, no restarts, service account cart
  ✗ identity webhook  its caBundle is foreign\\n
                      fix: write another one
                      more: irsa-guard explain ca-bundle-untrusted
  · containers        app: nothing  (follows from the step identity webhook)
  ? role              could not tell: IAM was not asked
  ✓ trust policy      statement 0
                      ! it is broad

Fix this first:
  printf %s '{}' | kubectl apply -f -
  kubectl rollout restart deployment/cart -n shop
`
  )
})

t.test('says whether anything else is wrong', async (t) => {
  const [pod, webhook, , , trust] = diagnosis.steps
  if (pod === undefined || webhook === undefined || trust === undefined) return
  t.match(shown({ steps: [pod, webhook] }), /\nFix this; everything else is right:\n/)
  t.match(shown({ steps: [webhook, { ...trust, state: 'wrong' }] }), /\nFix it, in this order:\n/)
  t.notMatch(shown({ steps: [pod], fix: [] }), /Fix/)
})

t.test('follows the style', async (t) => {
  const quiet = shown({}, { verbosity: 'quiet' })
  t.notMatch(quiet, /chain|containers|trust policy/)
  t.match(quiet, /✗ identity webhook/)
  const notes = { steps: [{ step: 'pod', state: 'ok', message: 'a', notes: ['one', 'two'] }] } as const
  t.match(shown(notes), /! one \(and 1 more; -v shows them\)\n/)
  t.match(shown(notes, { verbosity: 'verbose' }), /! one\n +! two\n/)
  t.match(shown({}, { ascii: true }), /\n {2}\+ pod .*\n {2}x identity webhook/)
  t.match(shown({}, { color: true }), /\u001b\[/)
  for (const line of shown({ fix: [] }, { width: 70 }).split('\n')) t.ok(line.length <= 70, line)
  t.match(shown({}, { width: 40 }), /\n {2}✓ pod\n {6}\S.*\n/, 'the text is below its label')
  t.strictSame(JSON.parse(diagnosisFormats.json(diagnosis)), diagnosis)
})

t.test('the exit code', async (t) => {
  t.equal(diagnosisExitCode(diagnosis), 1)
  t.equal(diagnosisExitCode({ steps: diagnosis.steps.filter(({ state }) => state !== 'wrong') }), 0)
  t.equal(diagnosisExitCode({ steps: diagnosis.steps.filter(({ state }) => state === 'unknown') }), 2)
})
