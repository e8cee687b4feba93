import t from 'tap'
import type { BundleQuestion } from '../../src/ca-bundle/bundle-question.js'
import { bundleReportOf } from '../../src/ca-bundle/report.js'
import { type BundleContext, bundleTextOf } from '../../src/output/bundle-text.js'
import { plainStyle, type Style } from '../../src/output/style.js'
import { clusterCa, otherCa } from '../support/bundle-cases.js'
import { base64, issue, makeAuthority, makeKey, pem } from '../support/certificates.js'

const at = new Date('2026-11-24T00:00:00Z')
const good = pem(clusterCa.der)
const foreign = pem(otherCa.der)
const served = { chain: pem(issue(clusterCa, { key: makeKey.ec() })), host: '127.0.0.1' }
const webhook: BundleContext = {
  name: 'iam-for-pods.amazonaws.com',
  failurePolicy: 'Ignore',
  isIdentityWebhook: true,
  fixCommand: 'irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook --fix | sh',
  thenCommand: 'irsa-guard scan'
}
const textOf = (
  bundle: string,
  style: Partial<Style> = {},
  context: Partial<BundleContext> = {},
  question: Partial<BundleQuestion> = { clusterCa: good }
): string =>
  bundleTextOf(
    bundleReportOf({ caBundle: base64(bundle), at, ...question }),
    { ...webhook, ...context },
    { ...plainStyle, ...style }
  )

t.test('says what a bundle does to calls, by the failure policy of its webhook', async (t) => {
  const table: readonly (readonly [Partial<BundleContext>, string])[] = [
    [
      {},
      'failurePolicy is Ignore: every pod created now starts WITHOUT its AWS role, and no error shows this'
    ],
    [
      { isIdentityWebhook: false },
      'failurePolicy is Ignore: requests pass without the webhook, and no error shows this'
    ],
    [{ failurePolicy: 'Fail' }, 'failurePolicy is Fail: every request that it matches is denied']
  ]
  for (const [context, effect] of table)
    t.match(
      textOf(foreign, {}, context),
      `\n  effect          the API server cannot call it, and ${effect}\n`,
      effect
    )
  t.match(
    textOf(foreign, {}, { failurePolicy: undefined }),
    '\n  effect          the API server cannot call it\n'
  )
  t.match(
    textOf(good, {}, {}, { clusterCa: good + foreign, served }),
    '\n  effect          calls work until the missing CA signs the certificate of the webhook\n'
  )
  t.notMatch(textOf(good), /effect|then|fix it/, 'nothing is wrong')
})

t.test('the commands come last, on lines of their own if the terminal is narrow', async (t) => {
  t.match(
    textOf(foreign, { width: 120 }),
    `\n  fix it          ${webhook.fixCommand}\n  then            irsa-guard scan\n\n  fingerprints and whole chains: -v\n`
  )
  for (const width of [40, 80]) {
    const text = textOf(foreign, { width })
    t.equal(text.includes('^^^'), width === 80, `no mark where rows do not fit: ${width}`)
    t.match(text, `\n  fix it\n    ${webhook.fixCommand}\n  then\n    irsa-guard scan\n`, `${width}`)
    t.strictSame(
      text
        .split('\n')
        .filter((line) => line.length > width && !/iam-for-pods|CN=|\^|irsa-guard ca|SHA-256/.test(line)),
      [],
      `${width}`
    )
  }
})

t.test('a certificate of the right CA for another name is rejected, and the CA is not blamed', async (t) => {
  const text = textOf(good, {}, {}, { served: { ...served, host: 'other.svc' } })
  t.match(
    text,
    /^✗ rejected {8}webhook iam-for-pods\.amazonaws\.com: the API server will not connect to other\.svc\n/
  )
  t.match(text, /\n {2}Go says {9}.*x509: .*\n {2}that is {9}/)
})

t.test('a certificate takes several lines if a row does not fit', async (t) => {
  const text = textOf(good, { width: 40 })
  t.match(
    text,
    /\n {2}in the bundle\n {6}CN=\S+,\s+SHA-256\s+[\dA-F:]{11},\s+until [\d-]{10},\s+expected\n {2}this cluster\n {6}CN=/
  )
  t.strictSame(
    text.split('\n').filter(({ length }) => length > 40),
    []
  )
  t.match(
    textOf('no PEM'),
    /^✗ unusable +the API server cannot use the bundle of webhook iam-for-pods\.amazonaws\.com\n/
  )
  t.match(textOf('no PEM', {}, { name: undefined }), /^✗ unusable +the API server cannot use the bundle\n/)
})

t.test('shows five of many CAs, and all with -v', async (t) => {
  const many = Array.from({ length: 7 }, () => pem(makeAuthority().der)).join('')
  t.match(textOf(many), '\n                  2 more in the bundle (-v lists all)\n')
  t.equal(textOf(many, { verbosity: 'verbose' }).match(/not expected$/gm)?.length, 7)
  t.match(
    textOf(many, { verbosity: 'verbose' }),
    /\n {2}certificates the API server can read \(7\):\n {2}- CN=/
  )
})

t.test('ASCII, colors and quiet', async (t) => {
  t.match(textOf(foreign, { ascii: true }), /^x foreign /)
  t.match(
    textOf(foreign, { color: true }),
    /^\u001b\[31m✗\u001b\[39m foreign [^]*\u001b\[31m\^{11}\u001b\[39m same name/
  )
  t.match(textOf(foreign, { verbosity: 'quiet' }), /^✗ foreign .*\n {2}because .*\n$/)
  t.match(
    textOf('', {}, { name: undefined }, {}),
    /^✗ empty .* trusts only the root CAs of its own system\n$/
  )
})

t.test('hostile names cannot forge lines', async (t) => {
  const evil = pem(makeAuthority('a\n✓ ok\u001b[31m\u202e').der)
  const text = textOf(evil, { verbosity: 'verbose' }, { name: 'x\n✓ ok' })
  t.notMatch(text, /[\u001b\u202e]/)
  t.notMatch(text, /^ *✓ ok/m)
})
