import t from 'tap'
import { type AcceptedBundles, acceptedInRotation } from '../../src/ca-bundle/accepted-texts.js'
import type { ClusterAuthority } from '../../src/ca-bundle/eks-authorities.js'
import { expectedByRotation } from '../../src/ca-bundle/expected-cas.js'
import { describeRotation, nextStateOf, nextStepOf } from '../../src/ca-bundle/next-step.js'
import { expectedClusterCasOf } from '../../src/ca-bundle/published-sets.js'
import { bestOrder, type Rotation, rotationOf } from '../../src/ca-bundle/rotation.js'
import { assessBundle } from '../../src/ca-bundle/state.js'
import { bundleReportsOf } from '../../src/commands/support/bundles.js'
import { noDeadline } from '../../src/model/deadline.js'
import { known, unknown } from '../../src/model/fact.js'
import { parseSubject } from '../../src/model/subject.js'
import { review } from '../../src/review.js'
import { parseBundle } from '../../src/x509/bundle.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { newestGo } from '../../src/x509/go-version.js'
import { configurationWith, guardedName } from '../support/bundle-cases.js'
import { base64, issue, makeAuthority, pem } from '../support/certificates.js'

const at = new Date('2026-11-24T00:00:00Z')
const host = '127.0.0.1'
const [a, b, x] = [makeAuthority('kubernetes'), makeAuthority('kubernetes'), makeAuthority('kubernetes')]
const [pemA, pemB, pemX] = [a, b, x].map(({ der }) => pem(der)) as [string, string, string]
const certificateOf = (text: string): Certificate => {
  const [certificate] = parseBundle(Buffer.from(text), newestGo).certificates
  if (certificate === undefined) throw new Error('no certificate')

  return certificate
}
const servedBy = (authority: typeof a) => ({ chain: pem(issue(authority)), host })

const authority = (id: 'a' | 'b', more: Partial<ClusterAuthority>): ClusterAuthority => ({
  id,
  certificate: certificateOf(id === 'a' ? pemA : pemB),
  data: undefined,
  signing: 'not-used',
  distribution: 'complete',
  createdAt: new Date(id === 'a' ? '2018-12-01T00:00:00Z' : '2026-11-18T00:00:00Z'),
  activatedAt: undefined,
  notBefore: undefined,
  notAfter: undefined,
  firstAutoActivation: undefined,
  finalAutoActivation: undefined,
  rollbackAvailable: undefined,
  ...more
})
const inUse = { signing: 'in-use', activatedAt: new Date('2018-12-01T00:00:00Z') } as const
const dates = {
  firstAutoActivation: new Date('2028-05-28T00:00:00Z'),
  finalAutoActivation: new Date('2028-10-14T00:00:00Z')
}

interface Phase {
  readonly phase: Rotation['phase']
  readonly eks?: readonly ClusterAuthority[]
  readonly kubeRoot: string
  readonly served: readonly (typeof a)[]
  readonly former?: string
  /** For the bundles A, B, A and B, B and A: the policy's answer and the state. */
  readonly bundles: readonly [string, string, string, string]
  /** The number of accepted strings. */
  readonly texts: number
}

// The phases of AWS's own guide, in its order, with the cells of what each bundle leads to:
// https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html
const phases: Readonly<Record<string, Phase>> = {
  'P0 one CA': {
    phase: 'one',
    eks: [authority('a', inUse)],
    kubeRoot: pemA,
    served: [a],
    bundles: ['pass ok', 'deny foreign', 'deny ok', 'deny ok'],
    texts: 4
  },
  'P1 EKS names the successor before the cluster publishes it': {
    phase: 'appended',
    eks: [authority('a', inUse), authority('b', { distribution: 'in-progress' })],
    kubeRoot: pemA,
    served: [a],
    bundles: ['warn incomplete', 'deny stale', 'pass ok', 'pass ok'],
    texts: 12
  },
  'P1f the successor could not be distributed, and the cluster does not publish it': {
    phase: 'append-failed',
    eks: [authority('a', inUse), authority('b', { distribution: 'failed' })],
    kubeRoot: pemA,
    served: [a],
    bundles: ['pass ok', 'deny foreign', 'deny ok', 'deny ok'],
    texts: 4
  },
  'P1f the successor could not be distributed, and the cluster publishes it': {
    phase: 'append-failed',
    eks: [authority('a', inUse), authority('b', { distribution: 'failed' })],
    kubeRoot: pemA + pemB,
    served: [a],
    bundles: ['pass ok', 'deny stale', 'pass ok', 'pass ok'],
    texts: 12
  },
  'P2 both are trusted': {
    phase: 'dual',
    eks: [authority('a', inUse), authority('b', dates)],
    kubeRoot: pemA + pemB,
    served: [a],
    bundles: ['warn incomplete', 'deny stale', 'pass ok', 'pass ok'],
    texts: 12
  },
  'P2 when no API server can be reached': {
    phase: 'dual',
    eks: [authority('a', inUse), authority('b', dates)],
    kubeRoot: pemA + pemB,
    served: [],
    bundles: ['warn incomplete', 'deny stale', 'pass ok', 'pass ok'],
    texts: 12
  },
  'P3 EKS is activating the successor': {
    phase: 'activating',
    eks: [authority('a', inUse), authority('b', { signing: 'activating', ...dates })],
    kubeRoot: pemA + pemB,
    served: [a],
    bundles: ['deny incomplete', 'deny stale', 'pass ok', 'pass ok'],
    texts: 8
  },
  'P3 the API servers differ': {
    phase: 'activating',
    eks: [authority('a', inUse), authority('b', { signing: 'activating', ...dates })],
    kubeRoot: pemA + pemB,
    served: [a, b],
    bundles: ['deny stale', 'deny stale', 'pass ok', 'pass ok'],
    texts: 8
  },
  'P3 EKS has not noticed it yet': {
    phase: 'activating',
    eks: [authority('a', inUse), authority('b', dates)],
    kubeRoot: pemA + pemB,
    served: [b],
    bundles: ['deny stale', 'deny stale', 'pass ok', 'pass ok'],
    texts: 8
  },
  'P4 the successor signs, and a rollback is possible': {
    phase: 'activated',
    eks: [authority('a', {}), authority('b', { ...inUse, rollbackAvailable: true })],
    kubeRoot: pemB + pemA,
    served: [b],
    bundles: ['deny stale', 'warn incomplete', 'pass ok', 'pass ok'],
    texts: 12
  },
  'P5 rolled back': {
    phase: 'rolled-back',
    eks: [authority('a', inUse), authority('b', { activatedAt: at, ...dates })],
    kubeRoot: pemA + pemB,
    served: [a],
    bundles: ['warn incomplete', 'deny stale', 'pass ok', 'pass ok'],
    texts: 12
  },
  'P6 settled': {
    phase: 'settled',
    eks: [authority('a', {}), authority('b', { ...inUse, rollbackAvailable: false })],
    kubeRoot: pemB + pemA,
    served: [b],
    bundles: ['deny stale', 'pass ok', 'pass ok', 'pass ok'],
    texts: 12
  },
  'P7 the outgoing CA is gone': {
    phase: 'retired',
    eks: [authority('b', inUse)],
    kubeRoot: pemB,
    served: [b],
    former: pemA,
    bundles: ['deny stale', 'pass ok', 'warn ok', 'warn ok'],
    texts: 12
  },
  'P7 the outgoing CA is being deleted': {
    phase: 'retired',
    eks: [authority('b', inUse), authority('a', { distribution: 'deleting' })],
    kubeRoot: pemB + pemA,
    served: [b],
    bundles: ['deny stale', 'pass ok', 'pass ok', 'pass ok'],
    texts: 12
  },
  'without EKS, two CAs, one signs': {
    phase: 'several',
    kubeRoot: pemA + pemB,
    served: [a],
    bundles: ['warn incomplete', 'deny stale', 'pass ok', 'pass ok'],
    texts: 12
  },
  'without EKS, the API servers differ': {
    phase: 'activating',
    kubeRoot: pemA + pemB,
    served: [a, b],
    bundles: ['deny stale', 'deny stale', 'pass ok', 'pass ok'],
    texts: 8
  },
  'without EKS, and no API server can be reached': {
    phase: 'several',
    kubeRoot: pemA + pemB,
    served: [],
    bundles: ['warn incomplete', 'warn incomplete', 'pass ok', 'pass ok'],
    texts: 16
  },
  'without EKS, one CA': {
    phase: 'one',
    kubeRoot: pemA,
    served: [a],
    bundles: ['pass ok', 'deny foreign', 'deny ok', 'deny ok'],
    texts: 4
  }
}

const rotationIn = ({ eks, kubeRoot, served, former }: Phase): Rotation =>
  rotationOf({
    clusterCas: kubeRoot,
    served: served.map(servedBy),
    authorities: eks,
    former: former === undefined ? [] : [certificateOf(former)],
    at
  })

/** What the policy does with a bundle that somebody writes, and the state of that bundle in the cluster. */
function outcome(rotation: Rotation, { served }: Phase, bundle: string): string {
  const { accepted, complete } = acceptedInRotation(rotation, { pem: rotation.published })
  const answer = complete.includes(base64(bundle))
    ? 'pass'
    : accepted.includes(base64(bundle))
      ? 'warn'
      : 'deny'
  const { current, former } = expectedByRotation(rotation)
  const states = (served.length === 0 ? [undefined] : served).map(
    (one) =>
      assessBundle({
        caBundle: base64(bundle),
        currentCas: current,
        formerCas: former,
        signers: rotation.signers,
        served: one && { ...servedBy(one), of: 'api-server' },
        at
      }).state
  )
  const worst = ['stale', 'foreign', 'incomplete', 'ok'].find((state) => states.some((one) => one === state))

  return `${answer} ${worst}`
}

/** What the rules of `check` and `serve` say about a manifest, by the list that the policy compares with. */
async function saidByRules(entry: AcceptedBundles, bundle: string): Promise<string> {
  const subject = parseSubject(configurationWith(bundle), { stage: 'source' })
  if (subject === undefined) throw new Error('not a subject')
  const expectedCas = {
    readExpectedCas: (webhook: string) => expectedClusterCasOf(webhook, [entry], undefined)
  }
  const { findings } = await review(subject, {
    sources: { expectedCas },
    mode: 'enforce',
    at,
    deadline: noDeadline
  })
  const said = findings
    .filter(({ rule }) => rule === 'ca-bundle-untrusted' || rule === 'ca-bundle-incomplete')
    .map(({ severity }) => severity)

  return said.includes('error') ? 'deny' : said.length > 0 ? 'warn' : 'pass'
}

/** What `irsa-guard ca` says about the same manifest, with only what the cluster publishes confirmed. */
function saidByCa(entry: AcceptedBundles, kubeRoot: string, bundle: string): string {
  const published = { confirmedAt: at, entries: [entry], clusterCas: [], status: [], isTampered: false }
  const [reported] = bundleReportsOf(
    configurationWith(bundle) as Record<string, unknown>,
    {
      clusterCas: { confirmed: kubeRoot, unconfirmed: '', doubt: undefined },
      injected: unknown('there is no injector'),
      published: known(published)
    },
    at
  )
  const { state, policy } = reported?.report ?? {}
  if (state === 'stale' || state === 'foreign' || policy?.action === 'denies') return 'deny'

  return policy === undefined && state === 'ok' ? 'pass' : policy?.action === 'warns' ? 'warn' : `${state}`
}

for (const [name, phase] of Object.entries(phases)) {
  t.test(name, async (t) => {
    const rotation = rotationIn(phase)
    t.equal(rotation.phase, phase.phase)
    const entry: AcceptedBundles = {
      ...{ name: guardedName, action: 'Deny', injectors: [] },
      ...acceptedInRotation(rotation, { pem: rotation.published })
    }
    for (const bundle of [pemA, pemB, pemA + pemB, pemB + pemA, pemX, pemA + pemX, pemA + pemB + pemX]) {
      const [policy = ''] = outcome(rotation, phase, bundle).split(' ')
      const holds = [pemA, pemB, pemX].map((pem) => bundle.includes(pem)).join()
      t.equal(await saidByRules(entry, bundle), policy, `check and serve say what the policy does: ${holds}`)
      t.equal(saidByCa(entry, phase.kubeRoot, bundle), policy, `ca says what the policy does: ${holds}`)
    }
    t.strictSame(
      [pemA, pemB, pemA + pemB, pemB + pemA].map((bundle) => outcome(rotation, phase, bundle)),
      phase.bundles
    )
    for (const bundle of [pemX, pemA + pemX, pemB + pemX, pemA + pemB + pemX])
      t.match(outcome(rotation, phase, bundle), /^deny/, 'another CA is never right')
    const { accepted } = acceptedInRotation(rotation, { pem: rotation.published })
    t.equal(accepted.length, phase.texts)
    const [first] = bestOrder(rotation)
    if (rotation.signers.length === 1)
      t.strictSame(first?.raw, rotation.signers[0]?.[0]?.raw, 'the signer is first')
  })
}

t.test('three CAs, of which one signs: each bundle needs all of them, and works with that one', async (t) => {
  const all = pemA + pemB + pemX
  const rotation = rotationOf({ clusterCas: all, served: [servedBy(b)], at })
  t.equal(rotation.phase, 'several')
  const phase = { served: [b] } as unknown as Phase // only what is served matters here
  for (const [bundle, expected] of [
    [all, 'pass ok'],
    [pemB + pemX + pemA, 'pass ok'],
    [pemB, 'warn incomplete'],
    [pemA + pemB, 'warn incomplete'],
    [pemA, 'deny stale'],
    [pemA + pemX, 'deny stale']
  ] as const)
    t.equal(outcome(rotation, phase, bundle), expected)
  t.match(describeRotation(rotation, at), /signs now; the cluster trusts 3 CAs, and irsa-guard cannot tell/)
})

t.test('says what comes next, and when', async (t) => {
  const described = (name: string, now = at): string | undefined => {
    const phase = phases[name]
    return phase && describeRotation(rotationIn(phase), now)?.replace(/CN=kubernetes \([^)]+\)/g, 'CA')
  }
  t.equal(described('P0 one CA'), undefined)
  t.equal(
    described('P2 both are trusted'),
    'CA signs now; CA signs next, by 2028-05-28T00:00:00Z at the latest'
  )
  t.equal(
    described('P2 both are trusted', new Date('2028-06-01T00:00:00Z')),
    'CA signs now; CA signs next, at any moment (EKS planned it for 2028-05-28T00:00:00Z)'
  )
  t.match(
    described('P1 EKS names the successor before the cluster publishes it'),
    /on a date that EKS does not state/
  )
  t.match(
    described('P5 rolled back'),
    /^after a rollback, CA signs now; CA signs next, by 2028-10-14T00:00:00Z at the latest/
  )
  t.match(described('P4 the successor signs, and a rollback is possible'), /CA may sign again/)
  t.match(described('P6 settled'), /may be deleted/)
  t.match(described('P3 the API servers differ'), /changing its CA: CA and CA sign now; CA signs next/)
  t.match(
    described('without EKS, and no API server can be reached'),
    /unknown which CA signs now; .* trusts 2 CAs/
  )
  t.match(
    described('P1f the successor could not be distributed, and the cluster does not publish it'),
    /could not distribute/
  )
})
t.test('the steps', async (t) => {
  const step = (name: string, now = at): unknown => {
    const phase = phases[name]
    const next = phase && nextStepOf(rotationIn(phase), now)
    return (
      next && [next.step, next.ca.raw.equals(certificateOf(pemA).raw) ? 'A' : 'B', next.at?.toISOString()]
    )
  }
  t.strictSame(step('P2 both are trusted'), ['activation', 'B', '2028-05-28T00:00:00.000Z'])
  t.strictSame(step('P5 rolled back'), ['activation', 'B', '2028-10-14T00:00:00.000Z'])
  t.strictSame(step('P6 settled'), ['deletion', 'A', undefined])
  t.equal(step('without EKS, one CA'), undefined)
  const end = certificateOf(pemA).notAfter
  const year = 365 * 86_400_000
  t.strictSame(step('P0 one CA', new Date(end - 2.2 * year)), [
    'append',
    'A',
    new Date(end - 2 * year).toISOString()
  ])
  t.equal(step('P0 one CA', new Date(end - 3 * year)), undefined)
})

t.test('says what makes calls fail next', async (t) => {
  const next = (name: string, bundle: string): string | undefined => {
    const phase = phases[name]
    return (
      phase &&
      nextStateOf('incomplete', base64(bundle), rotationIn(phase), at)?.replace(
        /CN=kubernetes \([^)]+\)/g,
        'CA'
      )
    )
  }
  t.equal(
    next('P2 both are trusted', pemA),
    'calls will fail once CA starts signing, by 2028-05-28T00:00:00Z at the latest'
  )
  t.equal(
    next('P4 the successor signs, and a rollback is possible', pemB),
    'calls fail if the rotation is rolled back to CA'
  )
  t.equal(
    next('without EKS, two CAs, one signs', pemA),
    'calls will fail once CA starts signing; the date is unknown'
  )
  t.equal(next('P2 both are trusted', pemA + pemB), undefined)
})
