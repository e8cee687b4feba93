import t from 'tap'
import { noDeadline } from '../../../src/model/deadline.js'
import { buildExpectedCas } from '../../../src/sources/cluster/webhook-trust.js'
import { clusterCa, guardedName, otherCa } from '../../support/bundle-cases.js'
import { base64, pem } from '../../support/certificates.js'
import { clientThat } from '../../support/kube-client.js'

const now = new Date('2026-11-24T00:00:00Z')
const [a, b] = [pem(clusterCa.der), pem(otherCa.der)]
/** B signs, and A may still be in the bundle. */
const trustAt = (confirmedAt: string, more: object = {}): object => ({
  spec: {
    confirmedAt,
    webhooks: [
      {
        name: guardedName,
        action: 'Deny',
        accepted: [base64(b), base64(a + b)],
        complete: [base64(b)],
        injectors: [],
        ...more
      }
    ]
  }
})
const expected = async (
  answer: Parameters<typeof clientThat>[0],
  name = guardedName
): Promise<readonly [number, number, number, string | undefined] | string> => {
  const fact = await buildExpectedCas(clientThat(answer), a, () => now).readExpectedCas(name, noDeadline)
  if (fact.state !== 'known') return fact.because
  const { needed, mustHold, former, policy } = fact.value

  return [needed.length, mustHold.length, former.length, policy]
}

t.test('what the controller published recently counts; otherwise, the cluster CAs do', async (t) => {
  const clusterOnly = [1, 0, 0, undefined]
  for (const [why, answer, sets] of [
    ['published', { body: trustAt('2026-11-23T23:50:00Z') }, [1, 1, 1, 'Deny']],
    ['published long ago', { body: trustAt('2026-11-23T23:00:00Z') }, clusterOnly],
    ['a time in the future', { body: trustAt('2026-11-24T01:00:00Z') }, clusterOnly],
    [
      'it approves nothing',
      { body: trustAt(now.toISOString(), { accepted: [], complete: [] }) },
      clusterOnly
    ],
    ['may not be read', { status: 403 }, clusterOnly],
    ['not installed', { status: 404 }, clusterOnly]
  ] as const)
    t.strictSame(await expected(() => answer), sets, why)
  t.strictSame(
    await expected(() => ({ body: trustAt(now.toISOString()) }), 'another.example'),
    clusterOnly,
    'another webhook'
  )
})

t.test('without either, it is unknown', async (t) => {
  const source = buildExpectedCas(
    clientThat(() => ({ status: 404 })),
    undefined
  )
  t.match(await source.readExpectedCas(guardedName, noDeadline), { because: 'the cluster CA is unknown' })
  t.match(
    await buildExpectedCas(
      clientThat(() => ({ status: 404 })),
      'x'
    ).readExpectedCas(guardedName, noDeadline),
    {
      because: 'the cluster CA is not readable PEM'
    }
  )
  const hung = buildExpectedCas(
    clientThat(() => ({ body: trustAt(now.toISOString()) })),
    undefined,
    () => now
  )
  t.match(
    await hung.readExpectedCas(guardedName, { signal: AbortSignal.abort() }),
    { because: 'the cluster CA is unknown' },
    'after the deadline'
  )
})
